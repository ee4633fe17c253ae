use std::fmt::Write as _;

use proptest::prelude::*;

use super::super::testing::World;
use super::*;
use crate::model::FileFormat;

/// Reads a world's audience: `line:+number[id]{cells}` or `line:reason` per row.
fn read(world: &World) -> Result<(Vec<String>, AudienceReport), Vec<String>> {
    let words = |findings: Vec<Finding>| world.all_words(&findings);
    let roots = world.roots();
    let audience = Audience::open(&world.campaign, &roots).map_err(words)?;
    let exclusions = Exclusions::load(&world.campaign, &roots, &|_| Vec::new(), &mut |_, _| {})
        .map_err(words)?;
    let mut rows = Vec::new();
    let report = audience.read(&exclusions, &mut |item| {
        rows.push(match item {
            Item::Kept(recipient, ()) => {
                let cells: Vec<_> =
                    recipient.fields.iter().map(|(name, cell)| format!("{name}={cell}")).collect();
                let id = recipient.id.as_deref().unwrap_or("-");
                let (line, number) = (recipient.origin.line, recipient.number.e164());
                format!("{line}:{number}[{id}]{{{}}}", cells.join(","))
            }
            Item::Dropped(dropped) => format!("{}:{}", dropped.origin.line, dropped.reason),
        });
        ControlFlow::Continue(())
    });
    let report = report.map_err(words)?;
    assert_eq!(report.rows, report.kept + report.dropped.total(), "conservation");
    assert_eq!(report.sources.iter().map(|s| s.rows).sum::<u64>(), report.rows);
    Ok((rows, report))
}

fn refused(world: &World) -> Vec<String> {
    read(world).expect_err("a refusal")
}

#[test]
fn every_row_is_kept_or_dropped_with_its_line_and_reason() {
    let world = World::new()
        .source_with(
            "a.csv",
            "\u{feff}mobile, id ,name\r\n\
             +91 98765 43210,1,Asha\r\n\
             nobody,2,Bo\r\n\
             \r\n\
             0091-9876543210,3,Asha again\r\n\
             +53 5 1234567,4,Cuba\r\n\
             +49 1512 3456789,5,\"Out,\r\nlisted\"\r\n\
             +12125550123,,Una\r\n\
             +4670174,6\r\n\
             +46 70-174 06 05,7,Filtered\r\n",
            |file| {
                file.phone = "mobile".to_owned();
                file.id = Some("id".to_owned());
                file.filter = Some("name != \"Filtered\"".to_owned());
            },
        )
        .exclude("out.csv", "+4915123456789\n", 1);
    let (rows, report) = read(&world).expect("readable");
    assert_eq!(
        rows,
        [
            "2:+919876543210[1]{mobile=+91 98765 43210,id=1,name=Asha}",
            "3:this is not a telephone number",
            "5:an earlier row means the same person",
            "6:WhatsApp delivers nothing to this country",
            "7:the person is excluded",
            "9:+12125550123[-]{mobile=+12125550123,id=,name=Una}",
            "10:the row has 2 cells, the header 3",
            "11:`where` leaves it out",
        ]
    );
    assert_eq!((report.rows, report.kept, report.dropped.invalid()), (8, 2, 2));
    assert_eq!((report.excluded_by.as_slice(), report.in_us), ([1].as_slice(), 1));
    let lines: Vec<_> = report.first_dropped.iter().map(|d| d.origin.line).collect();
    assert_eq!(lines, [3, 5, 6, 10]);
    assert_eq!(
        world.all_words(&report.warnings),
        [
            "audience/duplicates /recipients: 1 row means a person who appears before (the first \
             row of a person counts; `on_duplicate: error` refuses rows that differ)",
            "audience/us-numbers /recipients: 1 recipient in the United States (WhatsApp has \
             delivered no marketing templates to US numbers since 2025-04-01)",
        ]
    );
}

#[test]
fn sources_are_read_in_order_and_as_often_as_needed() {
    let mut world = World::new()
        .source(
            "a.ndjson",
            "{\"phone\":\"+919876543210\",\"n\":1.50}\n{\"phone\":\"+4915123456789\"}\n",
        )
        .source("b.tsv", "phone\tn\n+919876543210\t2\n+46701740605\t3\n");
    world.campaign.recipients.push(RecipientSource::List(vec![
        ListEntry {
            phone: "+61 491 570 006".to_owned(),
            fields: vec![("first_name".to_owned(), "Asha".to_owned())],
            line: 40,
        },
        ListEntry { phone: "0491 570 006".to_owned(), fields: Vec::new(), line: 41 },
    ]));
    let (rows, report) = read(&world).expect("readable");
    assert_eq!(
        rows,
        [
            "1:+919876543210[-]{phone=+919876543210,n=1.50}",
            "2:+4915123456789[-]{phone=+4915123456789}",
            "2:an earlier row means the same person",
            "3:+46701740605[-]{phone=+46701740605,n=3}",
            "40:+61491570006[-]{phone=+61 491 570 006,first_name=Asha}",
            "41:the number has no country code",
        ]
    );
    let kept: Vec<_> = report.sources.iter().map(|source| source.kept).collect();
    assert_eq!(kept, [2, 1, 1]);
    let roots = world.roots();
    let audience = Audience::open(&world.campaign, &roots).expect("sound");
    let names: Vec<_> = audience.columns().iter().map(|c| (c.names.join(","), c.guessed)).collect();
    let list = |names: &str, guessed| (names.to_owned(), guessed);
    assert_eq!(
        names,
        [list("phone,n", true), list("phone,n", false), list("phone,first_name", false)]
    );
    assert_eq!(audience.warnings()[0].rule().0, "audience/bad-number");
    for _ in 0..2 {
        let report = audience
            .read(&Exclusions::default(), &mut |_| ControlFlow::Continue(()))
            .expect("readable");
        assert_eq!(report.kept, 4);
        assert_eq!(audience.progress().load(Ordering::Relaxed), audience.total_bytes());
    }
}

#[test]
fn one_person_s_spellings_are_one_recipient() {
    let world = World::new().source(
        "a.csv",
        "phone\n+5511987654321\n+551187654321\n+525512345678\n+5215512345678\n\
         +5491123456789\n+541123456789\n",
    );
    let (_, report) = read(&world).expect("readable");
    assert_eq!((report.kept, report.dropped.get(DropKind::Duplicate)), (3, 3));
}

#[test]
fn differing_rows_of_one_person_are_refused_on_demand() {
    let text = "phone,name\n+919876543210,Asha\n+91 98765 43210,Asha\n+919876543210,Usha\n";
    let world = World::new().source("a.csv", text).on_duplicate(OnDuplicate::Error);
    assert_eq!(
        refused(&world),
        ["audience/duplicate a.csv:4: the same person appears before with different variables \
          (keep one of the rows, or set `on_duplicate: first`)"]
    );
    let same = World::new()
        .source("a.csv", "phone,name\n+919876543210,Asha\n+91 98765 43210,Asha\n")
        .on_duplicate(OnDuplicate::Error);
    let (_, report) = read(&same).expect("identical repeats do no harm");
    assert_eq!((report.kept, report.dropped.get(DropKind::Duplicate)), (1, 1));
}

#[test]
fn rows_without_an_answer_are_faults_of_the_campaign() {
    let mut text = "phone,orders\n+919876543210,0\n".to_owned();
    for _ in 0..22 {
        text.push_str("+919876543211,\n");
    }
    let world =
        World::new().source_with("a.csv", text, |file| file.filter = Some("orders < 3".to_owned()));
    let findings = refused(&world);
    assert_eq!(findings.len(), 21);
    assert_eq!(
        findings[0],
        "where/row a.csv:3: column `orders` is used as a number but holds none in this \
         row (say what an empty cell means, as in `orders | int(default=0)`, or exclude it with \
         `orders is number and …`)"
    );
    assert_eq!(
        findings[20],
        "audience/more-faults /recipients: 2 further rows cannot be used either"
    );
}

#[test]
fn faults_of_files_and_headers_are_all_reported_at_once() {
    let mut world = World::new()
        .source("semicolon.csv", "phone;name\n+919876543210;Asha\n")
        .source("twice.csv", "phone,name,,name\n")
        .source_with("column.csv", "mobil,name\n", |file| {
            file.phone = "mobile".to_owned();
            file.id = Some("customer".to_owned());
            file.country = Some("DE".to_owned());
            file.filter = Some("nam == \"x\"".to_owned());
        })
        .source("empty.csv", "")
        .source("utf16.csv", b"\xff\xfep\0")
        .source("quote.csv", "phone,\"na\nme")
        .source_with("country.csv", "phone\n", |file| file.country = Some("XX".to_owned()))
        .source_with("syntax.csv", "phone\n", |file| file.filter = Some("phone = 1".to_owned()))
        .source("gone.csv", "");
    let gone = world.roots().folder.join("gone.csv");
    std::fs::remove_file(gone).expect("removed");
    world.campaign.recipients.push(RecipientSource::File(crate::model::AudienceFile {
        path: "../a.csv".to_owned(),
        format: FileFormat::Csv,
        phone: "phone".to_owned(),
        id: None,
        country: None,
        filter: None,
    }));
    insta::assert_snapshot!(refused(&world).join("\n"));
}

#[test]
fn the_visitor_may_stop_the_reading() {
    let world = World::new()
        .source("a.csv", "phone\n+919876543210\n+4915123456789\n")
        .source("b.csv", "phone\n+46701740605\n");
    let roots = world.roots();
    let audience = Audience::open(&world.campaign, &roots).expect("sound");
    let report =
        audience.read(&Exclusions::default(), &mut |_| ControlFlow::Break(())).expect("stopped");
    assert_eq!((report.rows, report.stopped), (1, true));
}

#[test]
fn a_header_that_changed_after_the_check_is_noticed() {
    let world = World::new().source("a.csv", "phone,name\n+919876543210,Asha\n");
    let roots = world.roots();
    let audience = Audience::open(&world.campaign, &roots).expect("sound");
    std::fs::write(roots.folder.join("a.csv"), "name,phone\nAsha,+919876543210\n")
        .expect("written");
    let read = audience.read(&Exclusions::default(), &mut |_| ControlFlow::Continue(()));
    assert_eq!(
        world.all_words(&read.expect_err("a fault")),
        ["audience/changed a.csv:1: the header has changed since the file was checked"]
    );
}

#[test]
fn two_hundred_thousand_rows_go_through_one_at_a_time() {
    let mut text = "phone,id,name\n".to_owned();
    for row in 0..200_000 {
        writeln!(text, "+4915{:09},{row},Name {row}", 112_000_000 + row % 150_000)
            .expect("a string takes all");
    }
    let world = World::new().source_with("a.csv", text, |file| file.id = Some("id".to_owned()));
    let roots = world.roots();
    let audience = Audience::open(&world.campaign, &roots).expect("sound");
    let report = audience
        .read(&Exclusions::default(), &mut |_| ControlFlow::Continue(()))
        .expect("readable");
    assert_eq!((report.rows, report.kept), (200_000, 150_000));
    assert_eq!(report.dropped.get(DropKind::Duplicate), 50_000);
    assert_eq!(report.first_dropped.len(), 20);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn any_file_is_read_or_refused(
        rows in prop::collection::vec(any::<u8>(), 0..120),
        format in 0..3_usize,
    ) {
        let name = ["a.csv", "a.tsv", "a.ndjson"][format];
        let head: &[u8] = if format < 2 { b"phone\n" } else { b"{\"phone\":\"+1\"}\n" };
        let world = World::new().source(name, [head, &rows].concat()).exclude(
            "out.csv",
            [b"phone\n", rows.as_slice()].concat(),
            0,
        );
        let _ = read(&world);
    }
}
