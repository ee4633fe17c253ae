use std::ops::Range;

use proptest::prelude::*;

use super::super::number::NumberReader;
use super::super::source::Columns;
use super::*;

const COLUMNS: [&str; 5] = ["mobile", "country", "orders_90d", "vip", "note"];

fn columns() -> Columns {
    Columns { names: COLUMNS.map(str::to_owned).to_vec(), guessed: false }
}

fn ask(text: &str, cells: [&str; 5]) -> Result<bool, RowFilterFault> {
    let filter = check(text, &columns()).expect("a sound expression").filter;
    let names = columns().names;
    let mut row = Row::new(names.clone().into());
    for cell in cells {
        row.spans.push((row.text.len(), row.text.len() + cell.len()));
        row.text.push_str(cell);
    }
    let positions: Vec<_> =
        filter.variables().iter().map(|name| names.iter().position(|n| n == name)).collect();
    let reading = NumberReader::international().read("+919876543210").expect("a number");
    filter.passes(&row, &positions, reading)
}

fn faults(text: &str) -> Vec<(&'static str, Option<String>, String)> {
    let Err(faults) = check(text, &columns()) else { return Vec::new() };
    let part = |range: Range<usize>| text[range].to_owned();
    faults.into_iter().map(|f| (f.rule, f.range.map(part), f.message)).collect()
}

#[test]
fn cells_are_numbers_truths_or_text() {
    let cells = ["+91 98765 43210", "IN", "0", "TRUE", "007"];
    for (text, answer) in [
        ("country == \"IN\" and orders_90d == 0", true),
        ("country == \"IN\" and orders_90d > 0", false),
        ("vip", true),
        ("not vip", false),
        ("vip == true", true),
        ("note == \"007\"", true),
        ("note == 7", false),
        ("country in [\"IN\", \"DE\"]", true),
        ("phone is startingwith(\"+91\")", true),
        ("mobile is startingwith(\"+91 \")", true),
        ("country | lower == \"in\"", true),
        ("orders_90d is divisibleby(2)", true),
        ("0 <= orders_90d < 5", true),
        ("country is defined", true),
    ] {
        assert_eq!(ask(text, cells), Ok(answer), "{text}");
    }
    assert_eq!(ask("orders_90d == 1.5", ["", "", "1.50", "", ""]), Ok(true));
    assert_eq!(ask("orders_90d == -3", ["", "", "-3", "", ""]), Ok(true));
}

#[test]
fn a_row_without_an_answer_is_a_fault_and_never_a_guess() {
    let cells = ["", "IN", "", "no", ""];
    assert_eq!(
        ask("orders_90d < 5", cells),
        Err(RowFilterFault::NotANumber("orders_90d".to_owned()))
    );
    assert_eq!(
        ask("0 <= orders_90d < 5", cells),
        Err(RowFilterFault::NotANumber("orders_90d".to_owned()))
    );
    assert_eq!(ask("orders_90d is number and orders_90d < 5", cells), Ok(false));
    assert_eq!(ask("orders_90d | int(default=0) < 5", cells), Ok(true));
    assert_eq!(ask("vip", cells), Err(RowFilterFault::NotBoolean("string".to_owned())));
    assert!(matches!(ask("country - 1 == 0", cells), Err(RowFilterFault::Failed(_))));
    let long = "x".repeat(MAX_CELL_BYTES + 1);
    assert_eq!(
        ask("note == \"x\"", ["", "", "", "", &long]),
        Err(RowFilterFault::CellTooLong("note".to_owned()))
    );
}

#[test]
fn faults_of_the_text_are_found_before_a_row_is_read() {
    let one =
        |rule, part: &str, message: &str| vec![(rule, Some(part.to_owned()), message.to_owned())];
    assert_eq!(
        faults("contry == \"IN\" and vip"),
        one("where/unknown-column", "contry", "there is no column `contry`")
    );
    assert_eq!(
        faults("false and country | uper == \"IN\""),
        one("where/unknown-filter", "uper", "there is no filter `uper` in `where`")
    );
    assert_eq!(
        faults("country is emty"),
        one("where/unknown-test", "emty", "there is no test `emty` in `where`")
    );
    assert_eq!(
        faults("country.startswith(\"I\")"),
        one(
            "where/call",
            ".startswith(\"I\")",
            "functions and methods cannot be called in `where`"
        )
    );
    assert_eq!(faults("a and b").len(), 2);
    assert_eq!(faults(&"x".repeat(5000))[0].0, "where/too-long");
    let syntax = check("country = \"IN\"", &columns()).err().expect("a fault");
    assert_eq!((syntax[0].rule, syntax[0].range.clone()), ("where/syntax", Some(8..9)));
    assert_eq!(syntax[0].hint.as_deref(), Some("write `==` to compare"));
}

#[test]
fn a_near_name_is_suggested() {
    let fault = &check("contry == 1", &columns()).err().expect("a fault")[0];
    assert_eq!(fault.hint.as_deref(), Some("did you mean `country`?"));
    let fault = &check("zzz == 1", &columns()).err().expect("a fault")[0];
    assert!(fault.hint.as_deref().is_some_and(|hint| hint.contains("`orders_90d`, `vip`")));
}

#[test]
fn the_lists_of_names_are_what_the_environment_knows() {
    for name in FILTERS {
        let text = format!("country | {name} == 1");
        assert!(check(&text, &columns()).is_ok(), "{name}");
        let fails = ask(&text, ["", "IN", "", "", ""]);
        assert_ne!(fails, Err(RowFilterFault::Failed("it cannot be computed")), "{name}");
    }
}

#[test]
fn an_unknown_key_is_only_doubted_where_there_is_no_header() {
    let guessed = Columns { guessed: true, ..columns() };
    let checked = check("plan is defined and plan == 1", &guessed).expect("sound");
    assert_eq!(checked.doubts.len(), 2);
    assert_eq!(checked.filter.variables(), ["plan"]);
    let nothing_known = Columns { names: Vec::new(), guessed: true };
    assert!(check("plan == 1", &nothing_known).is_ok_and(|checked| checked.doubts.is_empty()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn any_text_is_checked_without_a_panic(text in "\\PC{0,60}") {
        let _ = check(&text, &columns());
    }

    #[test]
    fn any_expression_like_text_is_checked_and_asked(
        text in "(country|vip|orders_90d|[ ()|<>=~+*\"'\\[\\]0-9]|and|or|not|is|in|defined|lower|:|,){1,12}",
    ) {
        if check(&text, &columns()).is_ok() {
            let _ = ask(&text, ["1", "IN", "3", "true", "x"]);
        }
    }
}

#[test]
fn texts_are_not_multiplied() {
    let cells = ["", "Asha", "7", "", ""];
    assert_eq!(ask("orders_90d * 2 == 14", cells), Ok(true));
    assert_eq!(ask("(orders_90d - 1) * orders_90d == 42", cells), Ok(true));
    assert_eq!(ask("(note | int(default=3)) * 2 == 6", cells), Ok(true));
    let text = Err(RowFilterFault::NotANumber("country".to_owned()));
    assert_eq!(ask("country * 100000000 == country", cells), text);
    assert_eq!(ask("country is defined and 2 * country == country", cells), text);
    for repeats in ["\"a\" * 9", "9 * [1]", "(country ~ country) * 9", "(country + country) * 9"] {
        let [(rule, _, message)] = &faults(repeats)[..] else { panic!("{repeats}") };
        assert_eq!((*rule, &**message), ("where/not-a-number", "`*` multiplies numbers only"));
    }
}
