(function () {
  "use strict";
  var tools = document.querySelector(".tools");
  if (tools) { tools.hidden = false; }
  // An arrow leads into a closed part: open what holds the target.
  function reveal() {
    var id = decodeURIComponent(location.hash.slice(1));
    var target = id && document.getElementById(id);
    for (var at = target; at; at = at.parentElement) {
      if (at.tagName === "DETAILS") { at.open = true; }
    }
    if (target) { target.scrollIntoView({ block: "center" }); }
  }
  addEventListener("hashchange", reveal);
  reveal();
  var theme = document.getElementById("theme");
  theme.addEventListener("click", function () {
    var root = document.documentElement;
    var dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });
  var filter = document.getElementById("filter");
  var matches = document.getElementById("matches");
  filter.addEventListener("input", function () {
    var wanted = filter.value.trim().toLowerCase();
    var all = document.querySelectorAll("[data-filter]");
    var shown = 0;
    all.forEach(function (part) {
      var fits = !wanted || part.textContent.toLowerCase().indexOf(wanted) >= 0;
      part.hidden = !fits;
      shown += fits ? 1 : 0;
    });
    matches.textContent = wanted ? shown + " of " + all.length + " parts" : "";
  });
  document.querySelectorAll(".copy").forEach(function (line) {
    var button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.addEventListener("click", function () {
      var text = line.querySelector("code").textContent;
      var done = function () { button.textContent = "Copied"; };
      if (navigator.clipboard) {
        navigator.clipboard.writeText(text).then(done, function () { button.textContent = "Select and copy by hand"; });
      } else {
        getSelection().selectAllChildren(line.querySelector("code"));
        button.textContent = "Selected";
      }
    });
    line.appendChild(button);
  });
  var opened = [];
  addEventListener("beforeprint", function () {
    document.querySelectorAll("details:not([open]):not(.texts)").forEach(function (part) { part.open = true; opened.push(part); });
  });
  addEventListener("afterprint", function () {
    opened.forEach(function (part) { part.open = false; });
    opened = [];
  });
})();
