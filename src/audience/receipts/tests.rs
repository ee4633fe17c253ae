use std::io::Write;

use super::*;

/// What a report of this text tells, or the rules it breaks.
fn told(text: &str) -> Result<(ReceiptFile, Vec<ReceiptRow>), Vec<String>> {
    let mut file = tempfile::NamedTempFile::with_suffix(".csv").expect("a temporary file");
    file.write_all(text.as_bytes()).expect("written");
    let columns = ReceiptColumns {
        number: "To".to_owned(),
        status: "Status".to_owned(),
        message_id: Some("Id".to_owned()),
    };
    let mut rows = Vec::new();
    match read_receipts(file.path(), &columns, &mut |row| rows.push(row)) {
        Ok(file) => Ok((file, rows)),
        Err(findings) => Err(findings
            .into_iter()
            .map(|finding| format!("{}: {}", finding.rule().0, finding.message()))
            .collect()),
    }
}

#[test]
fn status_words_are_read_in_all_their_spellings() {
    for (words, receipt) in [
        (&["sent", "SENT", " Sent "][..], Receipt::Sent),
        (&["delivered", "DELIVERED"], Receipt::Delivered),
        (&["read", "Read"], Receipt::Read),
        (
            &["failed", "FAILED", "0", "not-sent", "NOT-SENT", "not sent", "not_sent"],
            Receipt::Failed,
        ),
    ] {
        for word in words {
            let (_, rows) = told(&format!("To,Status,Id\n12025550123,{word},\n")).expect("read");
            assert_eq!(rows[0].receipt, receipt, "{word}");
        }
    }
}

#[test]
fn numbers_are_read_with_and_without_their_plus() {
    let text = "Id,To,Status\na:0,12025550123,sent\na:1,+1 202-555-0124,read\n,0012025550125,0\n";
    let (file, rows) = told(text).expect("read");
    assert_eq!(file.rows, 3);
    assert_eq!(file.sha256, HEXLOWER.encode(Sha256::digest(text).as_slice()));
    let numbers: Vec<_> = rows.iter().map(|row| row.number.as_u64()).collect();
    assert_eq!(numbers, [12_025_550_123, 12_025_550_124, 12_025_550_125]);
    let ids: Vec<_> =
        rows.iter().map(|row| row.message_id.as_ref().map(MessageId::as_str)).collect();
    assert_eq!(ids, [Some("a:0"), Some("a:1"), None]);
}

#[test]
fn one_row_that_cannot_be_read_refuses_the_report_and_all_are_told() {
    let text = "To,Status,Id\n12025550123,sent,a\n12025550124,queued,b\n123,sent,c\n\
                12025550125,sent\n1.2E+10,sent,d\n";
    let rules = told(text).expect_err("refused");
    assert_eq!(
        rules,
        [
            "report/unknown-status: `queued` is no known status",
            "report/bad-number: the number does not exist in the numbering plan of US",
            "report/unreadable-row: the row has 2 cells, the header 3",
            "report/bad-number: a spreadsheet wrote this number in scientific notation",
        ]
    );
    let many = format!("To,Status,Id\n{}", "12025550123,?,\n".repeat(30));
    assert_eq!(told(&many).expect_err("refused").len(), 21);
}

#[test]
fn a_report_without_the_columns_is_refused() {
    let rules = told("to,Status,Other\n12025550123,sent,x\n").expect_err("refused");
    let missing = ["it has no column `To`", "it has no column `Id`"];
    assert_eq!(rules, missing.map(|message| format!("report/missing-column: {message}")));
    assert_eq!(told("").expect_err("refused").len(), 1);
    let columns =
        ReceiptColumns { number: "a".to_owned(), status: "b".to_owned(), message_id: None };
    read_receipts(Path::new("/nowhere.csv"), &columns, &mut |_| {}).expect_err("absent");
    read_receipts(Path::new("/"), &columns, &mut |_| {}).expect_err("a folder");
}
