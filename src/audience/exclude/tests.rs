use super::super::testing::World;
use super::*;

fn load(world: &World) -> Result<Exclusions, Vec<String>> {
    Exclusions::load(&world.campaign, &world.roots(), &|_| Vec::new(), &mut |_, _| {})
        .map_err(|findings| world.all_words(&findings))
}

fn person(digits: u64) -> PersonKey {
    PhoneNumber::from_digits(digits).expect("a number").person()
}

#[test]
fn a_person_is_excluded_in_any_spelling_by_the_first_list_that_has_them() {
    let mut world = World::new()
        .exclude("a.csv", "name,phone\nAsha,+91 98765 43210\n\nBia,+55 11 98765-4321\n", 2)
        .exclude("b.tsv", "\u{feff}+4915123456789\n+919876543210\n", 0)
        .exclude("c.ndjson", "{\"phone\":\"+12125550123\"}\n", 0);
    let other = CampaignName::new("wave-1").expect("a name");
    world.campaign.exclude.push(Exclude::Campaign(other));
    let load = Exclusions::load(
        &world.campaign,
        &world.roots(),
        &|name| {
            assert_eq!(name.as_str(), "wave-1");
            vec![PhoneNumber::from_digits(61_491_570_006).expect("a number")]
        },
        &mut |_, _| {},
    );
    let exclusions = load.expect("sound lists");
    assert_eq!(exclusions.rows(), [2, 2, 1, 1]);
    assert_eq!(exclusions.people(), 5);
    assert_eq!(exclusions.entry_of(person(919_876_543_210)), Some(0));
    assert_eq!(exclusions.entry_of(person(551_187_654_321)), Some(0));
    assert_eq!(exclusions.entry_of(person(4_915_123_456_789)), Some(1));
    assert_eq!(exclusions.entry_of(person(12_125_550_123)), Some(2));
    assert_eq!(exclusions.entry_of(person(61_491_570_006)), Some(3));
    assert_eq!(exclusions.entry_of(person(919_876_543_211)), None);
}

#[test]
fn whatever_cannot_be_read_stops_the_campaign() {
    let mut world = World::new()
        .exclude("rows.csv", "phone,why\n+919876543210,x\nnobody,x\n9876543210,x\n+91,x,y\n", 0)
        .exclude("short.csv", "phone\n+919876543210\n", 1000)
        .exclude("empty.csv", "", 0)
        .exclude("column.csv", "phon,why\n+919876543210,x\n", 0)
        .exclude("quote.csv", "phone\n\"+919876543210\n", 0)
        .exclude("latin.csv", b"phone\n+91\xe9\n", 0)
        .exclude("first.csv", "98765\n+919876543210\n", 0);
    world.campaign.exclude.push(Exclude::File {
        path: "gone.csv".to_owned(),
        format: FileFormat::Csv,
        phone: "phone".to_owned(),
        country: Some("XX".to_owned()),
        min_rows: 0,
        late: false,
    });
    world.campaign.exclude.push(Exclude::File {
        path: "gone.csv".to_owned(),
        format: FileFormat::Csv,
        phone: "phone".to_owned(),
        country: None,
        min_rows: 0,
        late: false,
    });
    assert_eq!(
        load(&world).expect_err("faults"),
        [
            "exclude/bad-number rows.csv:3: this is not a telephone number",
            "exclude/bad-number rows.csv:4: the number has no country code (ten digits alone \
             are no complete number: write `+` and the country code before them, or state \
             `country:` on this source)",
            "exclude/unreadable-row rows.csv:5: the row has 3 cells, the header 2",
            "exclude/too-few-rows /exclude/1/min_rows: `short.csv` has 1 rows, at least 1000 \
             are required (check that the list was exported whole)",
            "exclude/empty-file empty.csv: `empty.csv` is empty (a list of nobody has at least \
             its header)",
            "exclude/missing-column /exclude/3/phone: `column.csv` has no column `phone` (did \
             you mean `phon`?)",
            "exclude/open-quote quote.csv:2: a quote in the row that begins here is never \
             closed (close the quote, or write a quote inside a cell twice (`\"\"`))",
            "exclude/encoding latin.csv:2: this is not UTF-8 (byte 9 of the file) (save the \
             file as UTF-8 (in a spreadsheet: `CSV UTF-8`))",
            "exclude/bad-number first.csv:1: the number has no country code (write `+` (or \
             `00`) and the country code before it, or state `country:` on this source)",
            "exclude/unknown-country /exclude/7/country: no country with a numbering plan has \
             this two-letter code",
            "exclude/missing-file /exclude/8/file: there is no file `gone.csv` (looked in \
             `FOLDER`; further folders can be named in `OFFERCAST_AUDIENCE_DIR`)",
        ]
    );
}

#[test]
fn twenty_faulty_rows_are_listed_and_the_others_counted() {
    let world = World::new().exclude("a.csv", format!("phone\n{}", "x\n".repeat(25)), 0);
    let findings = load(&world).expect_err("faults");
    assert_eq!(findings.len(), 21);
    assert_eq!(findings[20], "exclude/unreadable-row a.csv: 5 more rows cannot be read");
}

#[test]
fn a_late_list_is_read_as_strictly_and_kept_apart() {
    let mut world = World::new().exclude("opt-outs.csv", "phone\n+919876543210\n", 0);
    let Exclude::File { late, .. } = &mut world.campaign.exclude[0] else { panic!("a file") };
    *late = true;
    let exclusions = load(&world).expect("a sound list");
    assert_eq!(exclusions.entry_of(person(919_876_543_210)), None);
    assert!(exclusions.is_late(person(919_876_543_210)));
    assert!(!exclusions.is_late(person(919_876_543_211)));
    assert_eq!((exclusions.rows(), exclusions.people()), (&[1][..], 0));
}
