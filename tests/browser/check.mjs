// Opens HTML reports in a real browser and holds them against what docs/formats.md promises: nothing is loaded, nothing complains,
// links work, everybody can read it in light and dark, and it prints.
//
//     node check.mjs FOLDER-WITH-NODE_MODULES FOLDER-FOR-PICTURES REPORT.html ...
import { createRequire } from "node:module";
import { readFileSync, mkdirSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, pictures, ...reports] = process.argv.slice(2);
const require = createRequire(join(resolve(modules), "package.json"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
mkdirSync(pictures, { recursive: true });

const problems = [];
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

let clicked = 0;
for (const report of reports) {
  const url = pathToFileURL(resolve(report)).href;
  const name = basename(report, ".html");
  const say = (text) => problems.push(`${name}: ${text}`);
  for (const colorScheme of ["light", "dark"]) {
    const context = await browser.newContext({ colorScheme, viewport: { width: 1200, height: 900 } });
    const page = await context.newPage();
    page.on("console", (m) => ["error", "warning"].includes(m.type()) && say(`console: ${m.text()}`));
    page.on("pageerror", (e) => say(`script: ${e.message}`));
    page.on("request", (r) => r.url().split("#")[0] !== url && say(`loads ${r.url()}`));
    await page.goto(url);
    await page.screenshot({ path: join(pictures, `${name}-${colorScheme}.png`) });
    // All that is hidden is opened, so that it is looked at, too.
    await page.evaluate(() => document.querySelectorAll("details").forEach((d) => { d.open = true; }));
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
    for (const v of violations) {
      say(`${colorScheme}: ${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map((n) => n.target.join(" ")).join("; ")}`);
    }
    if (colorScheme === "light") {
      await page.goto("about:blank");
      await page.goto(url);
      await links(page, say);
      await keyboard(page, say);
      await filter(page, say);
      const pdf = await page.pdf({ path: join(pictures, `${name}.pdf`), format: "A4", printBackground: true });
      if (pdf.length < 10000) { say(`the PDF has ${pdf.length} bytes`); }
    }
    await context.close();
  }
  // Without script everything can be read.
  const plain = await browser.newContext({ javaScriptEnabled: false });
  const page = await plain.newPage();
  await page.goto(url);
  for (const part of ["h1", "main h2", "footer"]) {
    if (!(await page.locator(part).first().isVisible())) { say(`without script ${part} is not visible`); }
  }
  if (await page.locator(".tools").first().isVisible()) { say("without script there are tools that do nothing"); }
  await plain.close();
}
await browser.close();

// From a finding to its arrow, from the arrow to its words, and back.
async function links(page, say) {
  const cited = page.locator(".finding .evidence a");
  const count = await cited.count();
  for (let n = 0; n < Math.min(count, 3); n += 1) {
    const target = (await cited.nth(n).getAttribute("href")).slice(1);
    await cited.nth(n).click();
    const arrow = page.locator(`[id="${target}"]`);
    const box = await arrow.boundingBox();
    const height = page.viewportSize().height;
    if (!box || box.y < 0 || box.y > height) { say(`the arrow ${target} is not in view after a click`); }
    const words = (await arrow.getAttribute("href")).slice(1);
    await arrow.click();
    const text = page.locator(`[id="${words}"]`);
    if (!(await text.isVisible())) { say(`the words ${words} of an arrow are not shown after a click`); }
    clicked += 1;
  }
  const broken = await page.evaluate(() => [...document.querySelectorAll("a[href^='#']")]
    .filter((a) => !document.getElementById(decodeURIComponent(a.getAttribute("href").slice(1))))
    .map((a) => a.getAttribute("href")));
  if (broken.length > 0) { say(`links lead nowhere: ${broken.slice(0, 5)}`); }
  const twice = await page.evaluate(() => {
    const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
    return ids.filter((id, n) => ids.indexOf(id) !== n);
  });
  if (twice.length > 0) { say(`ids are there twice: ${twice.slice(0, 5)}`); }
}

// The first Tab leads to the skip link, and that to the report.
async function keyboard(page, say) {
  await page.goto("about:blank");
  await page.goBack();
  await page.evaluate(() => { location.hash = ""; document.activeElement.blur(); scrollTo(0, 0); });
  await page.locator("body").press("Tab");
  const first = await page.evaluate(() => document.activeElement.className);
  if (first !== "skip") { say(`the first Tab leads to "${first}"`); }
  await page.keyboard.press("Enter");
  const main = await page.evaluate(() => document.activeElement.id);
  if (main !== "main") { say(`the skip link leads to "${main}"`); }
}

async function filter(page, say) {
  await page.locator("#filter").fill("no such words anywhere");
  const left = await page.locator("[data-filter]:visible").count();
  if (left > 0) { say(`${left} parts are left by a filter that fits none`); }
  await page.locator("#filter").fill("");
}

if (reports.length === 0 || clicked === 0) { problems.push("nothing was clicked: is there no report with a finding?"); }
for (const problem of problems) { console.error(problem); }
console.log(`${reports.length} reports, ${clicked} findings followed to their arrows, ${problems.length} problems`);
process.exit(problems.length === 0 ? 0 : 1);
