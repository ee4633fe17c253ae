//! Campaigns and people that tests start from, and small readings of what came out.

use std::fmt::Write as _;

use super::Run;
use super::redact::is_id;

/// One code per person from `audiences/people.csv`, fast enough not to be waited for.
pub(crate) const CAMPAIGN: &str = r#"version: 1
name: diwali
description: Two weeks off for everybody
sender:
  from: "+12025550100"
  region: in
template:
  name: lto_diwali_video
  language: en
  header:
    url: https://cdn.example.com/diwali.mp4
  params: ["{{ first_name }}", "25%"]
  url_suffix: "login?c={{ coupon_code }}"
  text:
    offer: Diwali 25% off
    body: "Hi {{1}}, {{2}} off until the lamps go out."
    button: Shop now
offer:
  coupon_code: "DIW{{ code(9) }}"
  window: 14days
recipients:
  - file: audiences/people.csv
    id: customer_id
delivery:
  rate: 1000/s
  max_in_flight: 4
"#;

/// One code for everybody in `audiences/people.csv`, a hundred people to a request.
pub(crate) const SHARED: &str = r#"version: 1
name: shared
sender:
  from: "+12025550100"
  region: in
template:
  name: lto_shared
  header:
    url: https://cdn.example.com/offer.jpg
offer:
  coupon_code: HAPPY76
  window: 7days
recipients:
  - file: audiences/people.csv
    id: customer_id
delivery:
  rate: 1000/s
  recipients_per_request: 100
"#;

/// Most people that [`people`] knows: the fictional numbers of three countries.
const MOST_PEOPLE: usize = 1_000;

/// American area codes; their numbers 555-0100 to 555-0199 are kept for fiction.
const AREAS: [&str; 10] = ["202", "212", "303", "404", "503", "602", "702", "804", "907", "917"];

/// Rows for `people.csv`: people `c0`, `c1`, … with names.
pub(crate) fn people(count: usize) -> String {
    let names = ["Asha", "Jonas", "Elsa", "Ruby", "Tom"];
    let mut rows = String::from("customer_id,first_name,phone\n");
    for index in 0..count {
        let (name, number) = (names[index % names.len()], phone(index));
        writeln!(rows, "c{index},{name},{number}").expect("a String takes all text");
    }
    rows
}

/// The number of the person in that row: 100 Germans, 90 Swedes, then Americans.
pub(crate) fn phone(index: usize) -> String {
    assert!(index < MOST_PEOPLE, "there are only {MOST_PEOPLE} fictional people");
    match index {
        0..100 => format!("+4917139200{index:02}"),
        100..190 => format!("+467017406{:02}", index - 90),
        _ => format!("+1{}55501{:02}", AREAS[(index - 190) / 100], (index - 190) % 100),
    }
}

/// The plan id in a run's output; the first, where there are several.
#[track_caller]
pub(crate) fn plan_id(run: &Run) -> String {
    let mut words = run.raw().split(|c: char| !c.is_ascii_alphanumeric());
    words.find(|word| is_id(word)).unwrap_or_else(|| panic!("no plan id{run}")).to_owned()
}
