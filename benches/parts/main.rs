//! The parts that everybody of an audience goes through, each by itself: `cargo bench --bench
//! parts`. What they come to together is measured by `--bench scale`.

use std::fmt::Write;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use offercast::audience::{Audience, Exclusions, NumberReader, Roots};
use offercast::compose::Composer;
use offercast::diagnostic::Sources;
use offercast::kaleyra::{Asked, Form, Multipart, Reply, classify, expiration_time_ms};
use offercast::ledger::{
    CampaignMemory, Change, Forgotten, Holder, Known, LedgerAddress, LockWait, LockedLedger,
    NewLedger, NewRecipient, PendingRow, PlanRecord, PlanRow, Snapshot,
};
use offercast::model::{
    Campaign, CodeKey, ContentHash, Fields, LedgerSecret, Lineage, Message, MessageId, OfferEnd,
    Origin, Outcome, PhoneNumber, PlanId, Recipient, RequestId, SharedContent, SidFingerprint,
    State, Timestamp,
};
use offercast::plan::{AudienceSummary, CodeSummary, Planner, PlanningContext, Terms};

/// People in an audience.
const PEOPLE: u64 = 20_000;
/// Requests on the wire.
const IN_FLIGHT: usize = 64;

const NOW: Timestamp = Timestamp::from_millis(1_796_095_800_000);
const HOST: &str = "api.in.kaleyra.io";

const CAMPAIGN: &str = r#"version: 1
name: parts
sender: { from: "+12025550100", region: in }
template:
  name: lto_parts
  params: ["{{ first_name }}"]
  url_suffix: "login?c={{ coupon_code }}"
offer:
  coupon_code: "DIW{{ code(9) }}"
  window: 14days
recipients:
  - file: audience.csv
"#;

fn main() {
    divan::main();
}

fn campaign(folder: &Path) -> Campaign {
    let path = folder.join("parts.yaml");
    let parsed =
        offercast::parse::campaign(CAMPAIGN.as_bytes(), &path, NOW, &mut Sources::default());
    parsed.campaign.expect("a sound campaign")
}

fn composer(campaign: &Campaign) -> Composer {
    let key = CodeKey::new(vec![7; 32]).expect("32 bytes");
    Composer::new(campaign, Some(&key)).expect("sound patterns")
}

/// An Indian mobile number; scattered, as in an export.
fn number(index: u64) -> PhoneNumber {
    let digits = 919_800_000_000 + index * 7_654_321 % 100_000_000;
    PhoneNumber::from_digits(digits).expect("twelve digits")
}

fn recipient(index: u64) -> Recipient {
    let names = ["phone", "first_name", "city"].map(str::to_owned);
    let values = vec![number(index).e164(), "Asha".to_owned(), "Mumbai".to_owned()];
    let fields = Fields::new(names.to_vec().into(), &values);
    Recipient {
        number: number(index),
        id: None,
        fields,
        origin: Origin { source: 0, line: index + 2 },
    }
}

fn message() -> Message {
    let campaign = campaign(Path::new("."));
    composer(&campaign).message(&recipient(1), 0).expect("a message")
}

/// Read, cut into cells, numbers checked, persons told apart.
#[divan::bench(sample_count = 10)]
fn audience_read(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut text = String::from("phone,first_name,city,tier,orders\n");
    for index in 0..PEOPLE {
        let (tier, orders) = (index % 4, index % 50);
        writeln!(text, "{},Asha,Mumbai,{tier},{orders}", number(index).e164()).expect("a text");
    }
    std::fs::write(folder.path().join("audience.csv"), &text).expect("written");
    let campaign = campaign(folder.path());
    let roots = Roots { folder: folder.path().to_path_buf(), extra: Vec::new() };
    let audience = Audience::open(&campaign, &roots).expect("a sound audience");
    bencher.counter(ItemsCount::new(PEOPLE)).counter(BytesCount::new(text.len())).bench_local(
        || {
            let report = audience
                .read(&Exclusions::default(), &mut |_| ControlFlow::Continue(()))
                .expect("readable");
            assert_eq!(report.kept, PEOPLE);
        },
    );
}

/// A number as it is written, to one that exists.
#[divan::bench(args = ["+919812345678", "+6281234567890", "+5511987654321", "+4915123456789"])]
fn number_validation(bencher: Bencher<'_, '_>, text: &str) {
    let reader = NumberReader::international();
    bencher.counter(ItemsCount::new(1_u32)).bench_local(|| reader.read(black_box(text)));
}

/// A row's whole message, its code drawn.
#[divan::bench]
fn compose_message(bencher: Bencher<'_, '_>) {
    let composer = composer(&campaign(Path::new(".")));
    let recipient = recipient(1);
    bencher
        .counter(ItemsCount::new(1_u32))
        .bench_local(|| composer.message(black_box(&recipient), 0));
}

/// A row's content hash alone: the fingerprint of all that the person gets.
#[divan::bench]
fn compose_fingerprint(bencher: Bencher<'_, '_>) {
    let composer = composer(&campaign(Path::new(".")));
    let recipient = recipient(1);
    bencher.counter(ItemsCount::new(1_u32)).bench_local(|| composer.content(black_box(&recipient)));
}

/// Everybody decided about, half of them accepted before, and the plan's id.
#[divan::bench(sample_count = 10)]
fn plan_diff(bencher: Bencher<'_, '_>) {
    let campaign = campaign(Path::new("."));
    let content = ContentHash::from_bytes([7; 16]);
    let mut known: Vec<_> = (0..PEOPLE / 2)
        .map(|index| Known {
            number: number(index),
            state: State::Accepted,
            content,
            in_last_plan: true,
            code: index,
            round: 0,
            settled_unsent: false,
            failed: false,
        })
        .collect();
    known.sort_unstable_by_key(|known| known.number);
    let secret = LedgerSecret::new([42; 32]);
    let snapshot = Snapshot {
        lineage: Lineage::from_bytes([7; 16]),
        forgotten: Forgotten::of(&secret, []),
        secret,
        api_host: None,
        sid: None,
        campaign: Some(CampaignMemory { known, ..CampaignMemory::default() }),
    };
    bencher.counter(ItemsCount::new(PEOPLE)).bench_local(|| {
        let mut planner = Planner::new(PlanningContext {
            campaign: &campaign,
            snapshot: Some(&snapshot),
            terms: Terms::of(&campaign, HOST, None),
            now: NOW,
            samples: 3,
            rates: None,
            sent: &[],
            caps: &[],
            firm: &[],
            earlier: None,
        });
        for index in 0..PEOPLE {
            planner.consider(number(index), content);
        }
        let plan = planner.finish(AudienceSummary::default(), CodeSummary::NotUnique);
        assert_eq!(plan.tally.send, PEOPLE / 2);
    });
}

/// A message's form and its bytes.
#[divan::bench]
fn multipart_body(bencher: Bencher<'_, '_>) {
    let campaign = campaign(Path::new("."));
    let (shared, message, to) = (SharedContent::of(&campaign), message(), [number(1)]);
    let end = OfferEnd::At(NOW.plus(Duration::from_hours(24)));
    let expiration = Some(expiration_time_ms(&campaign.offer, end, NOW));
    bencher.counter(ItemsCount::new(1_u32)).bench_local(|| {
        let form = Form::new(&shared, black_box(&message), &to, expiration).expect("a form");
        Multipart::encode(&form)
    });
}

/// Kaleyra's answer to one message.
#[divan::bench]
fn reply_parse(bencher: Bencher<'_, '_>) {
    let body = r#"{"id":"08a72b9e-9e0e-46af-a41b-2d87bf30e036","type":"mediatemplate",
        "body":null,"createdDateTime":"2024-01-12 07:08:43+00:00","totalCount":1,"data":[
        {"message_id":"08a72b9e-9e0e-46af-a41b-2d87bf30e036:0","recipient":"919807654321"}],
        "error":{}}"#;
    let (message, to) = (message(), [number(1)]);
    let reply = Reply::Answered {
        status: 202,
        retry_after: None,
        body: body.as_bytes().to_vec(),
        complete: true,
    };
    let asked = Asked { recipients: &to, coupon_code: &message.coupon_code, now: NOW };
    bencher.counter(ItemsCount::new(1_u32)).bench_local(|| {
        let result = classify(black_box(&reply), &asked);
        assert!(matches!(result.outcomes[0], Outcome::Accepted { .. }));
    });
}

/// The outcomes of all requests on the wire and the intents of the next ones, in one
/// transaction on stable storage.
#[divan::bench(sample_count = 20, sample_size = 10)]
fn ledger_group_commit(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut ledger, plan) = ledger_of(folder.path());
    let mut waiting: Vec<PendingRow> = Vec::new();
    let mut last = None;
    let mut on_the_wire: Vec<PendingRow> = Vec::new();
    bencher.counter(ItemsCount::new(IN_FLIGHT)).bench_local(|| {
        if waiting.len() < IN_FLIGHT {
            waiting.extend(ledger.pending(plan, last, 1_000).expect("a page"));
            last = waiting.last().map(|row| row.row);
        }
        let next: Vec<_> = waiting.drain(..IN_FLIGHT).collect();
        let concluded = on_the_wire.iter().map(|row| Change::Conclude {
            row: row.row,
            at: NOW,
            outcome: Outcome::Accepted {
                message_id: MessageId::new(&format!("08a72b9e-9e0e-46af:{}", row.row.0))
                    .expect("an id"),
                request_id: RequestId::new("08a72b9e-9e0e-46af"),
            },
        });
        let intended = next.iter().map(|row| Change::Intend {
            row: row.row,
            at: NOW,
            offer_ends_at: NOW.plus(Duration::from_hours(24)),
        });
        let changes: Vec<_> = concluded.chain(intended).collect();
        ledger.write(&changes).expect("written");
        on_the_wire = next;
    });
}

fn ledger_of(folder: &Path) -> (Box<dyn LockedLedger>, PlanRow) {
    let path = folder.join("ledger.db");
    let address = LedgerAddress::parse(path.to_str().expect("a plain path")).expect("a path");
    let new = NewLedger {
        lineage: Lineage::from_bytes([7; 16]),
        secret: LedgerSecret::new([42; 32]),
        created_at: NOW,
    };
    address.init(&new).expect("a new ledger");
    let holder = Holder { pid: 1, host: "bench".to_owned(), since: NOW };
    let mut ledger = address.lock(LockWait::default(), &holder).expect("opened").ledger;
    let campaign = campaign(folder);
    let composer = composer(&campaign);
    let mut consumption = ledger.begin_consumption(PEOPLE).expect("begun");
    let plan = consumption
        .plan(&PlanRecord {
            campaign: campaign.name.clone(),
            id: PlanId::from_bytes([1; 16]),
            sender: campaign.sender.from,
            offer_end: OfferEnd::At(NOW.plus(Duration::from_hours(24))),
            terms: Vec::new(),
            code_key: None,
            approval: "auto",
            api_host: HOST.to_owned(),
            sid: SidFingerprint::new("00112233445566aa"),
            consumed_at: NOW,
            again_after_failure: false,
        })
        .expect("a plan");
    for index in 0..PEOPLE {
        let message = composer.message(&recipient(index), 0).expect("a message");
        let new = NewRecipient::new(number(index), None, &message);
        consumption.recipient(plan, &new).expect("recorded");
    }
    consumption.commit().expect("consumed");
    (ledger, plan)
}
