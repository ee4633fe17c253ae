//! `offercast preview`: one person's message and the request that would send it.

use std::io::BufRead;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use super::context::Context;
use super::error::CommandError;
use super::findings::{from_finding, row_fault};
use super::load::{self, LoadedCampaign, roots};
use super::report::{report_diagnostics, write_diagnostics};
use super::{plan, secrets};
use crate::audience::{Audience, Exclusions, Item, parse_cli_number};
use crate::cli::{Exit, PreviewArgs, PreviewFormat};
use crate::compose::{ComposeError, Composer, RowFault};
use crate::diagnostic::{Diagnostic, Place, Sources};
use crate::kaleyra::{Endpoint, Form, ShownForm, ShownValue, expiration_time_ms, field};
use crate::model::{
    ContentHash, CouponCode, Message, NumberFormat, PersonKey, PhoneNumber, Recipient,
    SharedContent, Timestamp, fill_body,
};
use crate::view::message::{
    FieldView, HeaderView, MessageView, Preview, countdown, write_html, write_human, write_json,
};
use crate::view::text::safe;

/// Runs the command.
pub(super) fn preview(context: &mut Context, args: &PreviewArgs) -> Result<Exit, CommandError> {
    if args.show_recipients && !context.output.interaction().stdout_is_terminal {
        return Err(CommandError::Usage {
            message: "`--show-recipients` works on a terminal only".to_owned(),
            hint: Some("numbers, codes and values must not end up in a log".to_owned()),
        });
    }
    let wanted = Wanted::of(args)?;
    let loaded = load::load(context, std::slice::from_ref(&args.campaign))?;
    report_diagnostics(context, &loaded);
    let [entry] = loaded.campaigns.as_slice() else {
        return Err(CommandError::Invalid("the campaign"));
    };
    if loaded.has_errors() {
        return Err(CommandError::Invalid("the campaign"));
    }
    let endpoint =
        plan::endpoint(context)?.unwrap_or_else(|| Endpoint::of(&entry.campaign.sender.api_domain));
    let (recipient, place) = find(context, entry, &loaded.sources, &wanted)?;
    let shown = match compose(context, entry, &recipient, args.show_recipients)? {
        Ok(shown) => shown,
        Err(fault) => {
            let diagnostic = row_fault(&entry.document, place.diagnostic(), fault);
            write_diagnostics(context, &loaded.sources, &[diagnostic], 1);
            return Err(CommandError::Invalid("the row"));
        }
    };
    let form = form(entry, &recipient, &shown, context.clock.now())?;
    write(context, args.format, entry, &endpoint, &place, &shown, &form)?;
    Ok(Exit::Done)
}

/// Whose message.
enum Wanted {
    /// Whoever comes first.
    First,
    /// The person with a number.
    Person(PersonKey),
    /// The person in a row.
    Row { file: Option<String>, line: u64 },
}

impl Wanted {
    fn of(args: &PreviewArgs) -> Result<Self, CommandError> {
        if let Some(text) = &args.recipient {
            return recipient(text).map(Self::Person);
        }
        let Some(row) = &args.row else { return Ok(Self::First) };
        let (file, line) = match row.rsplit_once(':') {
            Some((file, line)) => (Some(file.to_owned()), line),
            None => (None, row.as_str()),
        };
        match line.parse() {
            Ok(line) if line > 0 => Ok(Self::Row { file, line }),
            _ => Err(CommandError::Usage {
                message: format!("`--row {}` names no line", safe(row)),
                hint: Some("give a line, or a file and a line as in `people.csv:17`".to_owned()),
            }),
        }
    }

    fn is(&self, person: Option<PersonKey>, source: &str, line: u64) -> bool {
        match self {
            Self::First => true,
            Self::Person(wanted) => person == Some(*wanted),
            Self::Row { file, line: wanted } => {
                line == *wanted && file.as_deref().is_none_or(|file| names(file, source))
            }
        }
    }
}

/// Whether a file as a person names it is that source: the same path, or the end of it.
fn names(file: &str, source: &str) -> bool {
    Path::new(source).ends_with(file)
}

fn recipient(text: &str) -> Result<PersonKey, CommandError> {
    let mut line = String::new();
    let (number, what) = if text == "-" {
        std::io::stdin().lock().read_line(&mut line).map_err(CommandError::Output)?;
        (line.trim(), "standard input does not begin with a number")
    } else {
        (text, "`--recipient` is no usable number")
    };
    parse_cli_number(number).map(PhoneNumber::person).map_err(|fault| CommandError::Usage {
        message: format!("{what}: {fault}"),
        hint: Some("write it with its country code, such as `+49 171 …`".to_owned()),
    })
}

/// Where a recipient stands.
struct RowPlace {
    file: String,
    line: u64,
}

impl RowPlace {
    fn diagnostic(&self) -> Place {
        Place::Line { file: self.file.clone(), line: self.line, column: None }
    }
}

/// Reads the audience as far as the person wanted.
fn find(
    context: &mut Context,
    entry: &LoadedCampaign,
    sources: &Sources,
    wanted: &Wanted,
) -> Result<(Recipient, RowPlace), CommandError> {
    let LoadedCampaign { campaign, document } = entry;
    let roots = roots(context, campaign);
    // Without a ledger nobody is known to be excluded by another campaign.
    let opened = Exclusions::load(campaign, &roots, &|_| Vec::new(), &mut |_, _| ())
        .and_then(|exclusions| Ok((exclusions, Audience::open(campaign, &roots)?)));
    let (mut found, mut dropped) = (None, None);
    let read = opened.and_then(|(exclusions, audience)| {
        audience.read(&exclusions, &mut |item| {
            let (origin, person) = match item {
                Item::Kept(recipient, ()) => (recipient.origin, Some(recipient.number.person())),
                Item::Dropped(row) => (row.origin, row.number.map(PhoneNumber::person)),
            };
            let file = audience.source_name(origin.source);
            if !wanted.is(person, &file, origin.line) {
                return ControlFlow::Continue(());
            }
            let place = RowPlace { file, line: origin.line };
            match item {
                Item::Kept(recipient, ()) => found = Some((recipient.clone(), place)),
                Item::Dropped(_) if matches!(wanted, Wanted::First) => {
                    return ControlFlow::Continue(());
                }
                Item::Dropped(row) => dropped = Some((row.reason, place)),
            }
            ControlFlow::Break(())
        })
    });
    if let Err(findings) = read {
        let findings: Vec<Diagnostic> =
            findings.into_iter().map(|finding| from_finding(document, finding)).collect();
        write_diagnostics(context, sources, &findings, 1);
        return Err(CommandError::Invalid("the audience"));
    }
    match (found, dropped) {
        (Some(found), _) => Ok(found),
        (None, Some((reason, place))) => Err(CommandError::Usage {
            message: format!("{}:{} is not sent to: {reason}", safe(&place.file), place.line),
            hint: reason.hint().map(str::to_owned),
        }),
        (None, None) => Err(CommandError::Usage {
            message: match wanted {
                Wanted::First => "the audience is empty".to_owned(),
                Wanted::Person(_) => "nobody in the audience has this number".to_owned(),
                Wanted::Row { .. } => "the audience has no such row".to_owned(),
            },
            hint: None,
        }),
    }
}

/// A message as far as it may be shown.
struct Shown {
    recipient: String,
    params: Vec<String>,
    url_suffix: Option<String>,
    header_url: Option<String>,
    code: String,
    revealed: bool,
}

fn compose(
    context: &Context,
    entry: &LoadedCampaign,
    recipient: &Recipient,
    reveal: bool,
) -> Result<Result<Shown, RowFault>, CommandError> {
    let campaign = &entry.campaign;
    if !reveal {
        let composer = Composer::for_show(campaign).map_err(CommandError::Compose)?;
        // Masks hide what is wrong with a value: the real message is made first.
        let message = composer.content(recipient).and_then(|_| composer.masked(recipient));
        return Ok(message.map(|message| Shown {
            recipient: recipient.number.to_string(),
            params: message.params,
            url_suffix: message.url_suffix,
            header_url: message.header_url,
            code: message.code,
            revealed: false,
        }));
    }
    let key = secrets::code_key(&context.environment)?;
    let composer = Composer::new(campaign, key.as_ref()).map_err(|error| match error {
        ComposeError::KeyMissing => CommandError::MissingKey {
            name: crate::cli::variables::CODE_KEY,
            why: "to draw the coupon code",
        },
        error => CommandError::Compose(error),
    })?;
    Ok(composer.message(recipient, 0).map(|message| Shown {
        recipient: recipient.number.e164(),
        params: message.params,
        url_suffix: message.url_suffix,
        header_url: message.header_url,
        code: message.coupon_code.as_str().to_owned(),
        revealed: true,
    }))
}

/// The request as it would be made now, with what is masked masked.
fn form(
    entry: &LoadedCampaign,
    recipient: &Recipient,
    shown: &Shown,
    now: Timestamp,
) -> Result<ShownForm, CommandError> {
    let campaign = &entry.campaign;
    let message = Message {
        // A masked code may be longer than a code; its field is filled below.
        coupon_code: CouponCode::new("CODE").expect("four letters are a code"),
        params: shown.params.clone(),
        url_suffix: shown.url_suffix.clone(),
        header_url: shown.header_url.clone(),
        content: ContentHash::from_bytes([0; 16]),
    };
    let sent = sent_at(entry, now);
    let end = campaign.offer.window.end(sent);
    let expiration = expiration_time_ms(&campaign.offer, end, sent);
    let shared = SharedContent::of(campaign);
    let form = Form::new(&shared, &message, &[recipient.number], Some(expiration));
    let form = form.map_err(|source| CommandError::System {
        what: "the request cannot be made",
        source: source.into(),
    })?;
    let code = serde_json::Value::from(shown.code.as_str()).to_string();
    let number = recipient.number.to_string();
    let number = match shared.number_format {
        NumberFormat::Digits => number.trim_start_matches('+').to_owned(),
        NumberFormat::E164 => number,
    };
    Ok(form.shown(|name| match name {
        field::COUPON_CODE => Some(code.clone()),
        field::TO if !shown.revealed => Some(number.clone()),
        _ => None,
    }))
}

/// The instant the preview pretends the message goes out.
fn sent_at(entry: &LoadedCampaign, now: Timestamp) -> Timestamp {
    entry.campaign.offer.window.starts_at().map_or(now, |start| start.max(now))
}

fn write(
    context: &mut Context,
    format: PreviewFormat,
    entry: &LoadedCampaign,
    endpoint: &Endpoint,
    place: &RowPlace,
    shown: &Shown,
    form: &ShownForm,
) -> Result<(), CommandError> {
    let now = context.clock.now();
    let preview = preview_of(entry, endpoint, place, shown, form, now);
    let (out, look) = context.output.data();
    match format {
        PreviewFormat::Human => write_human(out, look, &preview),
        PreviewFormat::Html => write_html(out, &preview),
        PreviewFormat::Json => write_json(out, &preview),
        PreviewFormat::Curl => {
            let command = form.to_curl(endpoint);
            command.lines().try_for_each(|line| writeln!(out, "{}", safe(line)))
        }
    }
    .and_then(|()| out.flush())
    .map_err(CommandError::Output)
}

fn preview_of(
    entry: &LoadedCampaign,
    endpoint: &Endpoint,
    place: &RowPlace,
    shown: &Shown,
    form: &ShownForm,
    now: Timestamp,
) -> Preview {
    let campaign = &entry.campaign;
    let template = &campaign.template;
    let text = template.text.clone().unwrap_or_default();
    let sent = sent_at(entry, now);
    let end = campaign.offer.window.end(sent);
    let ends_at = template.has_expiration.then(|| end.instant(sent));
    let language = template.language.as_ref().map(|l| format!(" ({})", l.as_str()));
    let fields = form.fields().iter().map(|field| {
        let value = match &field.value {
            ShownValue::Text(text) => FieldView::Text(text.clone()),
            ShownValue::File { base_name, content_type, bytes } => {
                FieldView::File { name: base_name.clone(), content_type, bytes: *bytes }
            }
        };
        (field.name, value)
    });
    Preview {
        campaign: campaign.name.to_string(),
        recipient: shown.recipient.clone(),
        place: format!("{}:{}", place.file, place.line),
        masked: !shown.revealed,
        template: format!("{}{}", template.name.as_str(), language.unwrap_or_default()),
        message: MessageView {
            header: HeaderView::of(campaign, shown.header_url.as_deref()),
            heading: text.offer,
            countdown: ends_at.map(|_| countdown(end, sent, campaign.offer.offset)),
            body: text.body.map(|body| fill_body(&body, &shown.params)),
            params: shown.params.clone(),
            code: shown.code.clone(),
            button: text.button,
            url_suffix: shown.url_suffix.clone(),
        },
        offer_ends: ends_at.map(|at| {
            let open = campaign.offer.window.end(sent.plus(Duration::from_mins(1)));
            let now = if open.instant(sent) == at { "" } else { " if sent now" };
            format!("{}{now}", at.human(campaign.offer.offset))
        }),
        offer_ends_at: ends_at.map(|at| at.rfc3339(campaign.offer.offset)),
        url: format!("{endpoint}/v1/$KALEYRA_SID/messages"),
        key_header: field::API_KEY_HEADER,
        fields: fields.collect(),
    }
}
