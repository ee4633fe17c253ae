//! `offercast test`: the real message to named testers, kept apart from the campaign.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use super::apply::{FarSide, KaleyraWire, runtime, timeouts};
use super::context::Context;
use super::error::CommandError;
use super::ledgers::{address, expect_lineage, lock, tell_opened};
use super::load::{self, LoadedCampaign, roots};
use super::report::report_diagnostics;
use crate::audience::{Audience, parse_cli_number};
use crate::cli::{Exit, TestArgs};
use crate::compose::Composer;
use crate::kaleyra::{Client, ClientOptions, Endpoint};
use crate::ledger::TestSend;
use crate::model::{
    CodeKey, CouponCode, Fields, Message, NotSent, OfferEnd, Origin, Outcome, PhoneNumber,
    Recipient, SharedContent,
};
use crate::send::{Request, Wire, Writing};
use crate::view::text::safe;

/// Most testers of one call: a test is no way around a plan.
const MOST_TESTERS: usize = 50;

/// Runs the command.
pub(super) fn test(context: &mut Context, args: &TestArgs) -> Result<Exit, CommandError> {
    let testers = testers(args)?;
    let loaded = load::load(context, std::slice::from_ref(&args.campaign))?;
    report_diagnostics(context, &loaded);
    let [entry] = loaded.campaigns.as_slice() else {
        return Err(CommandError::Invalid("the campaign"));
    };
    if loaded.has_errors() {
        return Err(CommandError::Invalid("the campaign"));
    }
    let far_side = if args.sandbox { FarSide::sandbox(context)? } else { FarSide::Kaleyra };
    let address = match far_side.ledger() {
        Some(address) => address,
        None => address(context, &args.ledger)?,
    };
    let opened = lock(context, &address, Duration::ZERO)?;
    tell_opened(context, &opened);
    let mut ledger = opened.ledger;
    if !far_side.is_sandbox() {
        expect_lineage(ledger.read(), std::slice::from_ref(&args.campaign))?;
    }
    let forgotten = ledger.read().forgotten()?;
    if let Some(&tester) = testers.iter().find(|tester| forgotten.contains(tester.person())) {
        return Err(CommandError::ForgottenTester(tester));
    }
    let key = far_side.code_key(&context.environment)?;
    let messages = testers
        .iter()
        .map(|&tester| Ok((tester, message(context, entry, args, key.as_ref(), tester)?)))
        .collect::<Result<Vec<_>, CommandError>>()?;
    let account = far_side.account(&context.environment)?;
    let endpoint = far_side.endpoint(&context.environment)?;
    let endpoint = endpoint.unwrap_or_else(|| Endpoint::of(&entry.campaign.sender.api_domain));
    context.expect_real_time(&endpoint)?;
    let options = ClientOptions {
        timeouts: timeouts(&context.environment)?,
        max_in_flight: 1,
        system_proxy: false,
    };
    let client =
        Client::new(&endpoint, &account.sid, &account.key, &options).map_err(|source| {
            CommandError::System { what: "no client could be made", source: source.into() }
        })?;
    let wire = Arc::new(KaleyraWire {
        client,
        shared: SharedContent::of(&entry.campaign),
        offer: entry.campaign.offer.clone(),
        clock: context.clock,
    });
    let runtime = runtime()?;
    let mut exit = Exit::Done;
    for (tester, message) in messages {
        let now = context.clock.now();
        let end: OfferEnd = entry.campaign.offer.window.end(now);
        let request = Request {
            recipients: vec![tester],
            message: message.clone().into(),
            offer_ends_at: end.instant(now),
        };
        let result = runtime.block_on(wire.send(request, Writing::unheard()));
        let outcome = result.outcomes.into_iter().next().expect("one outcome per recipient");
        exit = exit.worse(tell(context, tester, &outcome, result.detail.as_ref()));
        let campaign = entry.campaign.name.clone();
        let at = context.clock.now();
        ledger.record_test_send(&TestSend { campaign, number: tester, message, outcome, at })?;
    }
    ledger.close()?;
    Ok(exit)
}

fn testers(args: &TestArgs) -> Result<Vec<PhoneNumber>, CommandError> {
    let mut texts = args.to.clone();
    if let Some(path) = &args.to_file {
        let text = fs::read_to_string(path)
            .map_err(|source| CommandError::Read { path: path.clone(), source })?;
        texts.extend(text.lines().map(str::trim).filter(|l| !l.is_empty()).map(str::to_owned));
    }
    let mut numbers = Vec::with_capacity(texts.len());
    for (index, text) in texts.iter().enumerate() {
        let number = parse_cli_number(text).map_err(|fault| CommandError::Usage {
            message: format!("tester {} has no usable number: {fault}", index + 1),
            hint: Some("write it with its country code, such as `+49 171 …`".to_owned()),
        })?;
        if !numbers.contains(&number) {
            numbers.push(number);
        }
    }
    if numbers.is_empty() || numbers.len() > MOST_TESTERS {
        return Err(CommandError::Usage {
            message: format!("name 1 to {MOST_TESTERS} testers"),
            hint: None,
        });
    }
    Ok(numbers)
}

/// The campaign's message for a tester: columns are filled with what was set, else with
/// their own names, and the code starts with TEST and is nobody's.
fn message(
    context: &Context,
    entry: &LoadedCampaign,
    args: &TestArgs,
    key: Option<&CodeKey>,
    tester: PhoneNumber,
) -> Result<Message, CommandError> {
    let campaign = &entry.campaign;
    let mut test_campaign = campaign.clone();
    TEST_CODE.clone_into(&mut test_campaign.offer.coupon_code);
    let composer = Composer::new(&test_campaign, key).map_err(CommandError::Compose)?;
    let names = columns(context, entry)?;
    let mut values: Vec<String> = names.clone();
    for set in &args.values {
        let (name, value) = set.split_once('=').ok_or_else(|| CommandError::Usage {
            message: format!("`--set {}` has no `=`", safe(set)),
            hint: Some("write it as `--set first_name=Asha`".to_owned()),
        })?;
        let index =
            names.iter().position(|column| column == name).ok_or_else(|| CommandError::Usage {
                message: format!("the audience has no column `{}`", safe(name)),
                hint: Some(format!("it has {}", names.join(", "))),
            })?;
        value.clone_into(&mut values[index]);
    }
    let recipient = Recipient {
        number: tester,
        id: None,
        fields: Fields::new(names.into(), &values),
        origin: Origin { source: 0, line: 0 },
    };
    let message = composer.message(&recipient, 0).map_err(|fault| CommandError::Usage {
        message: format!("the message cannot be written: {}", fault.message),
        hint: Some("give the columns usable values with `--set column=value`".to_owned()),
    })?;
    debug_assert!(CouponCode::as_str(&message.coupon_code).starts_with("TEST"));
    Ok(message)
}

/// The code of all tests: it is not drawn, so it can be nobody's.
const TEST_CODE: &str = "TEST-CODE";

fn columns(context: &Context, entry: &LoadedCampaign) -> Result<Vec<String>, CommandError> {
    let roots = roots(context, &entry.campaign);
    let audience = Audience::open(&entry.campaign, &roots)
        .map_err(|_| CommandError::Invalid("the audience"))?;
    let mut names: Vec<String> = Vec::new();
    for source in audience.columns() {
        for name in &source.names {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
    }
    Ok(names)
}

fn tell(
    context: &mut Context,
    tester: PhoneNumber,
    outcome: &Outcome,
    detail: Option<&crate::model::Rejection>,
) -> Exit {
    let (words, exit) = match outcome {
        Outcome::Accepted { message_id, .. } => {
            (format!("accepted by Kaleyra as {}", safe(message_id.as_str())), Exit::Done)
        }
        Outcome::Rejected(why) => (format!("rejected: {} ({})", why.text, why.code), Exit::Error),
        Outcome::NotSent(cause) => {
            let why = detail.map(|why| format!(": {} ({})", why.text, why.code));
            let exit = match cause {
                NotSent::Refused(_) => Exit::Halted,
                NotSent::NoConnection | NotSent::Throttled | NotSent::GroupRefused => Exit::Pending,
            };
            (format!("not sent{}", why.unwrap_or_default()), exit)
        }
        Outcome::Unknown(cause) => (format!("unknown: {cause}"), Exit::Unknown),
    };
    context.tell(&format!("{tester}  {words}"));
    exit
}
