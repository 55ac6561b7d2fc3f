//! `explain` as a reader checks it by hand: every symbol is defined in the print-out, every formula gives the result beside
//! it, and a price that nobody pays is said to be one.

use std::collections::BTreeMap;

use crate::binary::{code, err, loophole, out};

/// What a print-out is asked for: scenario, channel, month, path, arm.
type Asked = (&'static str, &'static str, &'static str, Option<&'static str>, Option<&'static str>);

fn explained((file, channel, month, path, arm): Asked) -> String {
    let file = format!("scenarios/{file}.toml");
    let mut args = vec!["explain", &file, "--channel", channel, "--month", month];
    args.extend(path.into_iter().flat_map(|path| ["--path", path]));
    args.extend(arm.into_iter().flat_map(|arm| ["--arm", arm]));
    let output = loophole(&args);
    assert_eq!(code(&output), 0, "{}", err(&output));
    out(&output)
}

/// A formula of the print-out, read.
struct Printed {
    name: String,
    result: String,
    symbol: String,
    formula: String,
    /// Symbol, value as printed, and where it comes from.
    inputs: Vec<(String, String, String)>,
}

fn read(text: &str) -> Vec<Printed> {
    text.split("\n\n")
        .skip(1)
        .filter(|block| !block.starts_with("Sources\n"))
        .map(|block| {
            let mut lines = block.lines();
            let (name, rest) =
                lines.next().and_then(|line| line.split_once(" = ")).expect("a name and a result");
            let (symbol, formula) = lines.next().and_then(|line| line.split_once(" = ")).expect("a formula");
            let inputs = lines.map(|line| {
                let mut words = line.split_whitespace();
                let (symbol, value) = (words.next().expect("a symbol"), words.next().expect("a value"));
                (symbol.to_string(), value.to_string(), words.collect::<Vec<_>>().join(" "))
            });
            Printed {
                name: name.to_string(),
                result: rest.split_whitespace().next().expect("a result").to_string(),
                symbol: symbol.trim().to_string(),
                formula: formula.to_string(),
                inputs: inputs.collect(),
            }
        })
        .collect()
}

/// Evaluates a formula of the print-out.
struct Evaluator<'a> {
    rest: &'a str,
    known: &'a BTreeMap<String, f64>,
    /// The formula's own definitions.
    own: &'a BTreeMap<String, String>,
}

impl Evaluator<'_> {
    fn eval(text: &str, known: &BTreeMap<String, f64>, own: &BTreeMap<String, String>) -> f64 {
        let mut evaluator = Evaluator { rest: text.trim(), known, own };
        let value = evaluator.sum();
        assert!(evaluator.rest.is_empty(), "{:?} is left of {text:?}", evaluator.rest);
        value
    }

    fn takes(&mut self, sign: char) -> bool {
        let found = self.rest.trim_start().strip_prefix(sign);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    fn sum(&mut self) -> f64 {
        let mut value = self.term();
        loop {
            if self.takes('+') {
                value += self.term();
            } else if self.takes('−') {
                value -= self.term();
            } else {
                return value;
            }
        }
    }

    fn term(&mut self) -> f64 {
        let mut value = self.power();
        loop {
            if self.takes('·') {
                value *= self.power();
            } else if self.takes('/') {
                value /= self.power();
            } else {
                return value;
            }
        }
    }

    fn power(&mut self) -> f64 {
        let base = self.atom();
        if self.takes('^') { base.powf(self.atom()) } else { base }
    }

    fn atom(&mut self) -> f64 {
        if self.takes('(') {
            let value = self.sum();
            assert!(self.takes(')'), "a parenthesis is open before {:?}", self.rest);
            return value;
        }
        let text = self.rest.trim_start();
        let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.')).unwrap_or(text.len());
        let (word, rest) = text.split_at(end);
        self.rest = rest;
        if let Ok(number) = word.parse() {
            return number;
        }
        if self.takes('(') {
            let mut values = vec![self.sum()];
            while self.takes(',') {
                values.push(self.sum());
            }
            assert!(self.takes(')'), "a parenthesis is open before {:?}", self.rest);
            return match word {
                "min" => values.into_iter().fold(f64::INFINITY, f64::min),
                "max" => values.into_iter().fold(f64::NEG_INFINITY, f64::max),
                "round" => values[0].round(),
                "log2" => values[0].log2(),
                _ => panic!("there is no function {word:?}"),
            };
        }
        match self.own.get(word) {
            Some(definition) => Evaluator::eval(definition, self.known, self.own),
            None => *self.known.get(word).unwrap_or_else(|| panic!("{word:?} is not defined")),
        }
    }
}

/// The formula and its own definitions: parts between commas outside parentheses.
fn parts(formula: &str) -> (String, BTreeMap<String, String>) {
    let (mut depth, mut all) = (0, vec![String::new()]);
    for c in formula.chars() {
        depth += i32::from(c == '(') - i32::from(c == ')');
        if c == ',' && depth == 0 {
            all.push(String::new());
        } else {
            all.last_mut().expect("one at least").push(c);
        }
    }
    let own = all.split_off(1);
    let pair = |text: String| {
        let (name, definition) = text.split_once(" = ").expect("a definition");
        (name.trim().to_string(), definition.to_string())
    };
    (all.remove(0), own.into_iter().map(pair).collect())
}

/// Recomputes every formula of a print-out from what is printed, to the digits printed.
fn check(asked: Asked) -> String {
    let text = explained(asked);
    let mut above: BTreeMap<String, String> = BTreeMap::new();
    let printed = read(&text);
    assert!(!printed.is_empty());
    for Printed { name, result, symbol, formula, inputs } in printed {
        let place = format!("{asked:?}, {name}: {symbol} = {formula}");
        let mut known = BTreeMap::new();
        for (symbol, value, origin) in &inputs {
            assert!(!origin.is_empty(), "{place}: {symbol} comes from nowhere");
            if origin == "above" {
                assert_eq!(above.get(symbol), Some(value), "{place}: {symbol} is not what is printed above");
            }
            known.insert(symbol.clone(), value.parse().unwrap_or_else(|_| panic!("{place}: {value}")));
        }
        let (main, own) = parts(&formula);
        let recomputed = Evaluator::eval(&main, &known, &own);
        let told: f64 = result.parse().unwrap_or_else(|_| panic!("{place}: {result}"));
        // Six digits are printed of each number.
        assert!(
            (recomputed - told).abs() <= 1e-4 * told.abs() + 1e-6,
            "{place} is {recomputed}, printed as {told}\n{text}"
        );
        above.insert(symbol, result);
    }
    text
}

#[test]
fn every_formula_gives_the_result_beside_it() {
    for asked in [
        ("base-2026q4", "owned_910c", "2029-06", Some("7"), None),
        ("base-2026q4", "offshore_vr200", "2028-03", Some("2"), None),
        ("base-2026q4", "owned_abroad", "2026-10", None, None),
        ("close-the-door", "offshore_h200", "2028-06", Some("5"), Some("leaky")),
        ("close-the-door", "owned_abroad", "2028-01", Some("1"), Some("owned-too")),
        ("learning-by-closing", "owned_950pr", "2029-06", Some("2"), Some("strong-wind-down")),
        ("fab-squeeze", "owned_950pr", "2028-06", Some("4"), Some("both")),
        ("h200-licensed", "imported_h200", "2027-08", Some("3"), Some("licences-stopped")),
        ("every-form", "hired", "2027-02", Some("1"), Some("line")),
        ("every-form", "bought", "2028-06", Some("3"), Some("cliff-and-mix")),
        ("every-form", "held-abroad", "2028-06", Some("0"), Some("cliff-and-mix")),
        ("known/levers", "abroad", "2026-12", None, Some("access")),
        ("known/levers", "new", "2027-01", None, Some("efficiency")),
        ("known/gbm-rent", "rent", "2026-10", None, None),
    ] {
        check(asked);
    }
}

#[test]
fn a_shut_channel_is_said_to_be_shut_and_its_leak_is_priced() {
    let text = check(("close-the-door", "offshore_gb200", "2027-12", Some("3"), Some("wind-down")));
    let shut = "Shut by \"180-day wind-down\" (in force since 2027-04): none of the hours on offer may be bought openly; ";
    assert!(text.contains(shut), "{text}");
    let printed = read(&text);
    let of = |name: &str| -> f64 {
        let line = printed.iter().find(|line| line.name == name);
        line.unwrap_or_else(|| panic!("no {name} in\n{text}")).result.parse().expect("a number")
    };
    assert_eq!(of("Share open"), 0.0);
    assert!(of("Share that leaks") > 0.0 && of("Chips that leak, contracts that run included") > 0.0);
    let premium = of("Cost of compute, Training, leaked") / of("Cost of compute, Training");
    assert!((premium / of("Price of leaked hours over the price") - 1.0).abs() < 1e-5);
    let open = check(("close-the-door", "offshore_gb200", "2027-12", Some("3"), None));
    assert!(!open.contains("Shut by") && !open.contains("leak"), "{open}");
}

#[test]
fn a_price_that_nobody_pays_is_said_to_be_one() {
    let later = check(("base-2026q4", "owned_970", "2026-10", None, None));
    assert!(later.contains("Nothing is for sale before 2028-12: nobody pays this price."), "{later}");
    let old = check(("base-2026q4", "stock_a800", "2027-06", None, None));
    assert!(old.contains("Nothing is for sale in the whole run: nobody pays this price"), "{old}");
    let sold = check(("base-2026q4", "owned_910c", "2026-10", None, None));
    assert!(!sold.contains("nobody pays"), "{sold}");
}

#[test]
fn every_source_is_written_once_and_cited_by_its_number() {
    let text = explained(("close-the-door", "offshore_gb200", "2027-10", None, None));
    let (lines, listed) = text.split_once("\nSources\n").expect("sources at the end");
    let listed: Vec<&str> = listed.lines().map(|line| line.trim()).collect();
    let mut cited: Vec<usize> = lines
        .lines()
        .filter_map(|line| Some(line.split_once("; source")?.1.split_once(']')?.0.trim_start_matches('s')))
        .flat_map(|numbers| numbers.split(',').map(|number| number.trim().parse().expect("a number")))
        .collect();
    cited.sort_unstable();
    cited.dedup();
    assert_eq!(cited, (1..=listed.len()).collect::<Vec<_>>(), "{text}");
    for (number, line) in (1..).zip(&listed) {
        assert!(line.starts_with(&format!("{number}  ")), "{line}");
        let source = line.trim_start_matches(char::is_numeric).trim();
        assert_eq!(text.matches(source).count(), 1, "{source}");
    }
}
