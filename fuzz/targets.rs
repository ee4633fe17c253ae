//! What is fuzzed: each target takes any bytes and fails by a panic when a promise is broken.
//!
//! Shared by cargo-fuzz (`fuzz_targets`) and by the ordinary tests (`tests/it/fuzzing`), which
//! feed the same functions with mutations of valid inputs.

use std::cell::OnceCell;
use std::fs;
use std::ops::ControlFlow;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use offercast::audience::{Audience, Exclusions, Item, Roots};
use offercast::compose::{self, Composer, SourceColumns};
use offercast::diagnostic::{Diagnostic, Severity, Sources};
use offercast::kaleyra::{Asked, Reply, classify};
use offercast::ledger::{Holder, LedgerAddress, LockWait, Who};
use offercast::model::{
    Campaign, CampaignName, CodeKey, CouponCode, Exclude, Fields, FileFormat, NotSent, Origin,
    Outcome, PhoneNumber, Recipient, RecipientSource, Timestamp,
};
use offercast::parse;
use tempfile::TempDir;

/// One target.
pub(crate) type Target = fn(&[u8]);

/// All targets by name.
pub(crate) const TARGETS: [(&str, Target); 6] = [
    ("campaign", campaign),
    ("audience", audience),
    ("exclude", exclude),
    ("template", template),
    ("reply", reply),
    ("ledger", ledger),
];

const NOW: Timestamp = Timestamp::from_millis(1_796_115_600_000);

/// A campaign file: read, or refused with words at a place.
pub(crate) fn campaign(bytes: &[u8]) {
    let mut sources = Sources::default();
    let parsed = parse::campaign(bytes, Path::new("fuzz.yaml"), NOW, &mut sources);
    let faulty = parsed.diagnostics.iter().any(Diagnostic::is_error);
    assert!(parsed.campaign.is_some() || faulty, "nothing is lost without a word");
    for diagnostic in &parsed.diagnostics {
        assert!(!diagnostic.message.is_empty());
        let _ = sources.describe(&diagnostic.place);
    }
}

/// An audience file in one of the formats (first byte): every row is a recipient or dropped.
pub(crate) fn audience(bytes: &[u8]) {
    let Some((&format, rows)) = bytes.split_first() else { return };
    with_base(|base, folder| {
        let mut campaign = base.clone();
        let (name, format) = file_of(format);
        fs::write(folder.join(name), rows).expect("a temporary file");
        if let Some(RecipientSource::File(file)) = campaign.recipients.first_mut() {
            name.clone_into(&mut file.path);
            file.format = format;
        }
        read(&campaign, folder);
    });
}

/// An exclude list: read whole, or refused.
pub(crate) fn exclude(bytes: &[u8]) {
    let Some((&format, rows)) = bytes.split_first() else { return };
    with_base(|base, folder| {
        let mut campaign = base.clone();
        let (name, format) = file_of(format);
        fs::write(folder.join(name), rows).expect("a temporary file");
        let path = name.to_owned();
        let phone = "phone".to_owned();
        let country = Some("IN".to_owned());
        campaign.exclude =
            vec![Exclude::File { path, format, phone, country, min_rows: 0, late: false }];
        match Exclusions::load(&campaign, &roots(folder), &|_| Vec::new(), &mut |_, _| ()) {
            Ok(found) => assert!(found.people() as u64 <= found.rows()[0]),
            Err(findings) => assert!(!findings.is_empty()),
        }
    });
}

/// A pattern (first line) in every place where one can stand, and a row of cells (the other
/// lines).
pub(crate) fn template(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.split('\n');
    let pattern = lines.next().unwrap_or_default().to_owned();
    let names: Arc<[String]> =
        ["first_name", "city", "vip"].map(str::to_owned).into_iter().collect();
    let cells: Vec<String> =
        names.iter().map(|_| lines.next().unwrap_or("Asha").chars().take(4096).collect()).collect();
    let number = PhoneNumber::from_digits(919_812_345_678).expect("a number");
    let fields = Fields::new(Arc::clone(&names), &cells);
    let recipient = Recipient { number, id: None, fields, origin: Origin { source: 0, line: 2 } };
    let known =
        SourceColumns { name: "rows.csv".to_owned(), names: names.to_vec(), complete: true };
    let key = CodeKey::new(vec![7; 32]).expect("32 bytes");
    with_base(|base, folder| {
        for place in 0..4 {
            let mut campaign = base.clone();
            match place {
                0 => campaign.template.params = vec![pattern.clone()],
                1 => campaign.template.url_suffix = Some(pattern.clone()),
                2 => pattern.clone_into(&mut campaign.offer.coupon_code),
                _ => {
                    if let Some(RecipientSource::File(file)) = campaign.recipients.first_mut() {
                        file.filter = Some(pattern.clone());
                    }
                    fs::write(folder.join("rows.csv"), "phone,first_name\n+919812345678,Asha\n")
                        .expect("a temporary file");
                    read(&campaign, folder);
                    continue;
                }
            }
            let faults = compose::check(&campaign, std::slice::from_ref(&known));
            if faults.iter().any(|fault| fault.severity == Severity::Error) {
                continue;
            }
            let Ok(composer) = Composer::new(&campaign, Some(&key)) else { continue };
            let _ = composer.masked(&recipient);
            let Ok(message) = composer.message(&recipient, 0) else { continue };
            let code = message.coupon_code.as_str();
            assert!((1..=15).contains(&code.chars().count()), "{code:?}");
            let texts = message.params.iter().chain(&message.url_suffix).map(String::as_str);
            for text in texts.chain([code]) {
                assert!(text.chars().count() <= 4096 && !text.contains('\n'), "{text:?}");
            }
        }
    });
}

/// A reply (two bytes of status, one of circumstances, then the body): no more than it proves.
pub(crate) fn reply(bytes: &[u8]) {
    let Some((&[high, low, how], body)) = bytes.split_first_chunk() else { return };
    let status = 100 + u16::from_be_bytes([high, low]) % 900;
    let complete = how & 1 == 0;
    let people: Vec<_> = [919_986_127_034, 12_025_550_123, 491_713_920_099]
        .into_iter()
        .take(1 + usize::from(how >> 1) % 3)
        .map(|digits| PhoneNumber::from_digits(digits).expect("a number"))
        .collect();
    let retry_after =
        (how & 8 != 0).then(|| String::from_utf8_lossy(body).chars().take(64).collect());
    let coupon_code = CouponCode::new("DIW7K2M9QXVB").expect("a code");
    let asked = Asked { recipients: &people, coupon_code: &coupon_code, now: NOW };
    let reply = Reply::Answered { status, retry_after, body: body.to_vec(), complete };
    let result = classify(&reply, &asked);
    assert_eq!(result.outcomes.len(), people.len());
    let own =
        complete && matches!(body.iter().find(|byte| !byte.is_ascii_whitespace()), Some(b'{'));
    for outcome in &result.outcomes {
        match outcome {
            Outcome::Accepted { .. } => assert!(own && matches!(status, 200..=299 | 400..=499)),
            Outcome::NotSent(NotSent::NoConnection) => panic!("there was a connection"),
            Outcome::NotSent(NotSent::Throttled) if status == 429 => {}
            Outcome::NotSent(_) | Outcome::Rejected(_) => {
                assert!(own && matches!(status, 400..=499) && !matches!(status, 408 | 425));
            }
            Outcome::Unknown(_) => {}
        }
    }
    if let Some(words) = result.detail {
        let (code, text) = (words.code, words.text);
        assert!(!code.is_empty() && code.chars().count() <= 64 && text.chars().count() <= 200);
        for hidden in ["9986127034", "2025550123", "1713920099", "DIW7K2M9QXVB"] {
            assert!(!code.contains(hidden) && !text.contains(hidden), "{code} {text}");
        }
        assert!(!text.chars().any(char::is_control), "{text:?}");
    }
}

/// A ledger's file: refused, or read to its end.
pub(crate) fn ledger(bytes: &[u8]) {
    with_base(|_, folder| {
        for ending in ["", "-wal", "-shm", ".journal", ".lock"] {
            let _ = fs::remove_file(folder.join(format!("ledger.db{ending}")));
        }
        let path = folder.join("ledger.db");
        fs::write(&path, bytes).expect("a temporary file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("ours");
        let address = LedgerAddress::File(path);
        let damage = address.check();
        if let Ok(ledger) = address.read_any_copy() {
            let names = ledger.status().map(|rows| rows.into_iter().map(|row| row.campaign));
            let names: Vec<CampaignName> = names.into_iter().flatten().collect();
            for name in &names {
                let counts = ledger.counts(name);
                let snapshot = ledger.snapshot(name);
                if let (Ok([]), Ok(_), Ok(counts)) = (damage.as_deref(), snapshot, counts) {
                    let mut rows = 0;
                    let visited = ledger.visit_history(&Who::All, Some(name), &mut |_| {
                        rows += 1;
                        ControlFlow::Continue(())
                    });
                    assert!(visited.is_err() || rows == counts.planned(), "{rows} rows");
                }
            }
        }
        let holder = Holder { pid: 1, host: "fuzz".to_owned(), since: NOW };
        match address.lock(LockWait::default(), &holder) {
            Ok(opened) => drop(opened),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    });
}

/// Reads an audience; what is counted must be what was seen.
fn read(campaign: &Campaign, folder: &Path) {
    let Ok(audience) = Audience::open(campaign, &roots(folder)) else { return };
    let (mut kept, mut dropped) = (0, 0);
    let report = audience.read(&Exclusions::default(), &mut |item| {
        match item {
            Item::Kept(recipient, ()) => {
                kept += 1;
                assert!((7..=15).contains(&recipient.number.digits().len()));
            }
            Item::Dropped(row) => {
                dropped += 1;
                let _ = row.reason.kind();
            }
        }
        ControlFlow::Continue(())
    });
    match report {
        Ok(report) => assert_eq!((report.rows, report.kept), (kept + dropped, kept)),
        Err(findings) => assert!(!findings.is_empty()),
    }
}

fn roots(folder: &Path) -> Roots {
    Roots { folder: folder.to_path_buf(), extra: Vec::new() }
}

fn file_of(byte: u8) -> (&'static str, FileFormat) {
    match byte % 3 {
        0 => ("rows.csv", FileFormat::Csv),
        1 => ("rows.tsv", FileFormat::Tsv),
        _ => ("rows.ndjson", FileFormat::Ndjson),
    }
}

const BASE: &str = "version: 1
name: fuzz
sender: { from: \"+12025550100\", region: in }
template: { name: lto, params: [\"{{ first_name }}\"], has_expiration: true }
offer: { coupon_code: \"DIW{{ code(9) }}\", window: 14days }
recipients: [{ file: rows.csv, country: IN }]
";

/// A valid campaign, read once, and a folder that goes with the thread.
fn with_base(act: impl FnOnce(&Campaign, &Path)) {
    thread_local! {
        static WORLD: OnceCell<(Campaign, TempDir)> = const { OnceCell::new() };
    }
    WORLD.with(|world| {
        let (campaign, folder) = world.get_or_init(|| {
            let mut sources = Sources::default();
            let parsed =
                parse::campaign(BASE.as_bytes(), Path::new("fuzz.yaml"), NOW, &mut sources);
            let campaign = parsed.campaign.expect("the base is a valid campaign");
            (campaign, TempDir::new().expect("a temporary folder"))
        });
        act(campaign, folder.path());
    });
}
