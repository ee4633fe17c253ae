use proptest::prelude::*;

use super::super::lines::MAX_ROW_BYTES;
use super::*;

type Read = Vec<(u64, Result<Vec<String>, RowFault>)>;

fn rows(text: &[u8], delimiter: u8) -> Result<Read, ReadError> {
    let mut rows = DelimitedRows::new(Lines::new(text, None)?, delimiter);
    let mut found = Vec::new();
    let Some((first, read)) = rows.header()? else { return Ok(found) };
    let cells = |row: &Row| row.cells().map(str::to_owned).collect();
    found.push((first.line, read.map(|()| cells(&first))));
    let mut row = Row::new(Arc::default());
    while let Some(read) = rows.next(&mut row)? {
        found.push((row.line, read.map(|()| cells(&row))));
    }
    Ok(found)
}

fn ok(line: u64, cells: &[&str]) -> (u64, Result<Vec<String>, RowFault>) {
    (line, Ok(cells.iter().map(|&cell| cell.to_owned()).collect()))
}

#[test]
fn quotes_line_ends_and_blank_lines_are_read_as_rfc_4180_says() {
    let text =
        b"\xef\xbb\xbfphone,name\r\n1,\"O\"\"Hara, \r\nAnn\"\r\n\r\n\n2,5\" pipe\n3,\"\"\n4,last";
    assert_eq!(
        rows(text, b',').expect("readable"),
        [
            ok(1, &["phone", "name"]),
            ok(2, &["1", "O\"Hara, \r\nAnn"]),
            ok(6, &["2", "5\" pipe"]),
            ok(7, &["3", ""]),
            ok(8, &["4", "last"]),
        ]
    );
    assert_eq!(
        rows(b"a\tb\n\"x\ty\"\t,\n", b'\t').expect("readable"),
        [ok(1, &["a", "b"]), ok(2, &["x\ty", ","])]
    );
}

#[test]
fn rows_that_cannot_be_taken_apart_say_why_and_the_next_one_is_read() {
    let text = b"a,b\n1\n1,2,3\n\"x\"y,2\n1,2\r3\n\"1\"\r3,2\n5,6\n";
    assert_eq!(
        rows(text, b',').expect("readable"),
        [
            ok(1, &["a", "b"]),
            (2, Err(RowFault::Ragged { expected: 2, found: 1 })),
            (3, Err(RowFault::Ragged { expected: 2, found: 3 })),
            (4, Err(RowFault::AfterQuote)),
            (5, Err(RowFault::CarriageReturn)),
            (6, Err(RowFault::CarriageReturn)),
            ok(7, &["5", "6"]),
        ]
    );
}

#[test]
fn an_unclosed_quote_names_the_line_it_begins_on() {
    assert!(matches!(
        rows(b"a,b\n1,2\n3,\"four\n5,6\n", b','),
        Err(ReadError::OpenQuote { line: 3 })
    ));
    let mut long = b"a,b\n1,\"".to_vec();
    long.extend(b"x,y\n".repeat(MAX_ROW_BYTES));
    assert!(matches!(rows(&long, b','), Err(ReadError::TooLong { line: 2, in_quotes: true })));
}

fn by_csv_crate(text: &[u8]) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text);
    let texts = |record: csv::ByteRecord| {
        record.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect()
    };
    reader.byte_records().map(|record| texts(record.expect("memory can be read"))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn rows_are_cut_as_the_csv_crate_cuts_them(
        text in "(([ab ]{0,2}|\"([ab,\r\n]|\"\"){0,4}\"|a\"b|\"x)(,|\n|\r\n|,|\n\n|\r)){0,8}",
    ) {
        let Ok(found) = rows(text.as_bytes(), b',') else { return Ok(()) };
        let strict = found.iter().all(|(_, row)| {
            !matches!(row, Err(RowFault::AfterQuote | RowFault::CarriageReturn))
        });
        if !strict {
            return Ok(());
        }
        let theirs = by_csv_crate(text.as_bytes());
        prop_assert_eq!(theirs.len(), found.len());
        for ((_, ours), theirs) in found.into_iter().zip(theirs) {
            match ours {
                Ok(cells) => prop_assert_eq!(cells, theirs),
                Err(RowFault::Ragged { found, .. }) => prop_assert_eq!(found, theirs.len()),
                Err(other) => prop_assert!(false, "{other}"),
            }
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(text in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = rows(&text, b',');
        let _ = rows(&text, b'\t');
    }
}
