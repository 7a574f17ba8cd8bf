//! As much of JSON Schema (draft 2020-12) as `docs/report.v1.schema.json` uses; a keyword that is not known here is an error, so that
//! nothing in a schema goes unchecked.

use serde_json::Value;

/// Keywords that say nothing about validity.
const NOTES: [&str; 4] = ["$schema", "title", "description", "$defs"];

/// What of `value` is not as the schema says, each with its path.
pub(crate) fn check(schema: &Value, value: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    walk(schema, schema, value, "", &mut problems);
    problems
}

fn walk(root: &Value, schema: &Value, value: &Value, path: &str, out: &mut Vec<String>) {
    for (keyword, wanted) in schema.as_object().expect("a schema is an object") {
        match keyword.as_str() {
            note if NOTES.contains(&note) => {}
            "$ref" => {
                let pointer = wanted.as_str().unwrap().strip_prefix('#').unwrap();
                let target = root
                    .pointer(pointer)
                    .unwrap_or_else(|| panic!("{wanted} leads nowhere"));
                walk(root, target, value, path, out);
            }
            "anyOf" => {
                let fits = wanted.as_array().unwrap().iter().any(|one| {
                    let mut problems = Vec::new();
                    walk(root, one, value, path, &mut problems);
                    problems.is_empty()
                });
                if !fits {
                    out.push(format!("{path}: {value} is none of the alternatives"));
                }
            }
            "properties" => {
                for (name, one) in wanted.as_object().unwrap() {
                    if let Some(inner) = value.get(name) {
                        walk(root, one, inner, &format!("{path}/{name}"), out);
                    }
                }
            }
            "items" => {
                for (n, inner) in value.as_array().into_iter().flatten().enumerate() {
                    walk(root, wanted, inner, &format!("{path}/{n}"), out);
                }
            }
            _ => {
                if !holds(keyword, wanted, value) {
                    out.push(format!(
                        "{path}: {keyword} {wanted} does not hold for {value}"
                    ));
                }
            }
        }
    }
}

/// Keywords that look at one value alone; those for another type hold (JSON Schema Validation §6).
fn holds(keyword: &str, wanted: &Value, value: &Value) -> bool {
    match keyword {
        "const" => value == wanted,
        "enum" => wanted.as_array().unwrap().contains(value),
        "type" => match wanted {
            Value::String(one) => is_a(one, value),
            Value::Array(several) => several.iter().any(|one| is_a(one.as_str().unwrap(), value)),
            _ => panic!("type {wanted}"),
        },
        "required" => value.as_object().is_none_or(|object| {
            let names = wanted.as_array().unwrap();
            names
                .iter()
                .all(|name| object.contains_key(name.as_str().unwrap()))
        }),
        "minimum" => value.as_f64().is_none_or(|n| n >= wanted.as_f64().unwrap()),
        "minItems" => value
            .as_array()
            .is_none_or(|items| items.len() as u64 >= wanted.as_u64().unwrap()),
        "minLength" => value
            .as_str()
            .is_none_or(|text| text.chars().count() as u64 >= wanted.as_u64().unwrap()),
        "pattern" => value
            .as_str()
            .is_none_or(|text| matches(wanted.as_str().unwrap(), text)),
        other => panic!("the schema uses `{other}`, which this checker does not know"),
    }
}

fn is_a(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "integer" => value.is_i64() || value.is_u64(),
        other => panic!("type {other}"),
    }
}

/// The regular expressions of the schema: `^`, `$`, literals, `\.`, classes, groups, and `* + ? {n} {n,m}`.
fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern
        .strip_prefix('^')
        .unwrap_or_else(|| panic!("{pattern} is not anchored"))
        .chars()
        .collect();
    let text: Vec<char> = text.chars().collect();
    run(&pattern, &text)
        .into_iter()
        .any(|(rest, end)| rest.is_empty() && (end || rest.len() == text.len()))
        || !pattern.contains(&'$') && !run(&pattern, &text).is_empty()
}

/// Everything that can be left of the text behind the pattern, and whether the pattern demanded the end.
fn run<'t>(pattern: &[char], text: &'t [char]) -> Vec<(&'t [char], bool)> {
    let Some((&first, rest)) = pattern.split_first() else {
        return vec![(text, false)];
    };
    if first == '$' && rest.is_empty() {
        return if text.is_empty() {
            vec![(text, true)]
        } else {
            Vec::new()
        };
    }
    let (atom, rest) = match first {
        '(' => split_at_close(pattern, '(', ')'),
        '[' => split_at_close(pattern, '[', ']'),
        '\\' => pattern.split_at(2),
        _ => pattern.split_at(1),
    };
    let (least, most, rest) = repetition(rest);
    let mut out = Vec::new();
    let mut open = vec![(text, 0)];
    while let Some((here, count)) = open.pop() {
        if count >= least {
            out.extend(run(rest, here));
        }
        if count < most {
            for left in once(atom, here) {
                if left.len() < here.len() {
                    open.push((left, count + 1));
                }
            }
        }
    }
    out
}

fn once<'t>(atom: &[char], text: &'t [char]) -> Vec<&'t [char]> {
    if atom[0] == '(' {
        return run(&atom[1..atom.len() - 1], text)
            .into_iter()
            .map(|(left, _)| left)
            .collect();
    }
    let Some((&c, left)) = text.split_first() else {
        return Vec::new();
    };
    let fits = match atom[0] {
        '[' => in_class(&atom[1..atom.len() - 1], c),
        '\\' => atom[1] == c,
        literal => literal == c,
    };
    if fits { vec![left] } else { Vec::new() }
}

fn in_class(class: &[char], c: char) -> bool {
    let mut n = 0;
    while n < class.len() {
        if n + 2 < class.len() && class[n + 1] == '-' {
            if (class[n]..=class[n + 2]).contains(&c) {
                return true;
            }
            n += 3;
        } else {
            if class[n] == c {
                return true;
            }
            n += 1;
        }
    }
    false
}

fn split_at_close(pattern: &[char], open: char, close: char) -> (&[char], &[char]) {
    let mut depth = 0;
    for (n, c) in pattern.iter().enumerate() {
        if *c == open {
            depth += 1;
        } else if *c == close {
            depth -= 1;
        }
        if depth == 0 {
            return pattern.split_at(n + 1);
        }
    }
    panic!("{open} without {close}");
}

fn repetition(rest: &[char]) -> (usize, usize, &[char]) {
    match rest.first() {
        Some('*') => (0, usize::MAX, &rest[1..]),
        Some('+') => (1, usize::MAX, &rest[1..]),
        Some('?') => (0, 1, &rest[1..]),
        Some('{') => {
            let (braces, behind) = split_at_close(rest, '{', '}');
            let inside: String = braces[1..braces.len() - 1].iter().collect();
            let (least, most) = inside.split_once(',').unwrap_or((&inside, &inside));
            (least.parse().unwrap(), most.parse().unwrap(), behind)
        }
        _ => (1, 1, rest),
    }
}

#[test]
fn patterns_and_keywords_are_understood() {
    for (pattern, text, fits) in [
        ("^[0-9a-f]{4}$", "12af", true),
        ("^[0-9a-f]{4}$", "12afe", false),
        ("^[a-z0-9]+(-[a-z0-9]+)*$", "tls-alert-43", true),
        ("^[a-z0-9]+(-[a-z0-9]+)*$", "tls--alert", false),
        ("^[0-9]+\\.[0-9]+", "0.1.0", true),
        ("^x(\\.[0-9]{1,3})?Z$", "x.12Z", true),
        ("^x(\\.[0-9]{1,3})?Z$", "xZ", true),
        ("^x(\\.[0-9]{1,3})?Z$", "x.1234Z", false),
    ] {
        assert_eq!(matches(pattern, text), fits, "{pattern} {text}");
    }
    let schema = serde_json::json!({ "type": "object", "required": ["a"], "properties": { "a": { "type": "integer", "minimum": 1 } } });
    assert!(check(&schema, &serde_json::json!({ "a": 1, "b": 2 })).is_empty());
    assert_eq!(check(&schema, &serde_json::json!({ "a": 0 })).len(), 1);
    assert_eq!(check(&schema, &serde_json::json!({})).len(), 1);
    assert_eq!(check(&schema, &serde_json::json!([])).len(), 1);
}
