//! Where recipients and opt-outs come from.

use serde_yaml::Value;

use super::context::{Context, Section};
use crate::model::{AudienceFile, CampaignName, Exclude, FileFormat, ListEntry, RecipientSource};
use crate::parse::file::{ExcludeEntry, FormatWord, RecipientsEntry};
use crate::parse::tree::{Kind, Node};

/// The sources, each read on its own so that one fault hides no other.
pub(super) fn sources(
    context: &mut Context<'_>,
    value: Option<Value>,
) -> Option<Vec<RecipientSource>> {
    each(context, "/recipients", value, |context, pointer, entry: RecipientsEntry| {
        if entry.list.is_some() {
            let unused = [
                ("format", entry.format.is_some()),
                ("phone", entry.phone.is_some()),
                ("id", entry.id.is_some()),
                ("country", entry.country.is_some()),
                ("where", entry.filter.is_some()),
            ];
            refuse_unused(context, pointer, &unused)?;
            return people(context, &format!("{pointer}/list")).map(RecipientSource::List);
        }
        let path = entry.file?;
        let format = file(context, &format!("{pointer}/file"), &path, entry.format)?;
        Some(RecipientSource::File(AudienceFile {
            path,
            format,
            phone: entry.phone.unwrap_or_else(|| "phone".to_owned()),
            id: entry.id,
            country: entry.country,
            filter: entry.filter,
        }))
    })
}

pub(super) fn excludes(context: &mut Context<'_>, value: Option<Value>) -> Option<Vec<Exclude>> {
    if value.is_none() {
        return Some(Vec::new());
    }
    each(context, "/exclude", value, |context, pointer, entry: ExcludeEntry| {
        if let Some(name) = entry.campaign {
            let unused = [
                ("format", entry.format.is_some()),
                ("phone", entry.phone.is_some()),
                ("country", entry.country.is_some()),
                ("late", entry.late.is_some()),
                ("min_rows", entry.min_rows.is_some()),
            ];
            refuse_unused(context, pointer, &unused)?;
            return CampaignName::new(&name).ok().map(Exclude::Campaign);
        }
        let path = entry.file?;
        let format = file(context, &format!("{pointer}/file"), &path, entry.format)?;
        Some(Exclude::File {
            path,
            format,
            phone: entry.phone.unwrap_or_else(|| "phone".to_owned()),
            country: entry.country,
            min_rows: entry.min_rows.unwrap_or(0),
            late: entry.late.unwrap_or(false),
        })
    })
}

/// Lowers every entry of a list; `None` when any of them is faulty.
fn each<E: serde::de::DeserializeOwned, T>(
    context: &mut Context<'_>,
    pointer: &str,
    value: Option<Value>,
    mut lower: impl FnMut(&mut Context<'_>, &str, E) -> Option<T>,
) -> Option<Vec<T>> {
    let Some(Value::Sequence(values)) = value else { return None };
    let mut lowered = Vec::new();
    let mut complete = true;
    for (index, value) in values.into_iter().enumerate() {
        let pointer = format!("{pointer}/{index}");
        let entry = match context.read(&pointer, Some(value)) {
            Section::Given(entry) => lower(context, &pointer, entry),
            Section::Absent | Section::Faulty => None,
        };
        match entry {
            Some(entry) => lowered.push(entry),
            None => complete = false,
        }
    }
    (complete && !context.is_faulty(pointer)).then_some(lowered)
}

fn refuse_unused(context: &mut Context<'_>, pointer: &str, keys: &[(&str, bool)]) -> Option<()> {
    let mut fine = Some(());
    for (key, _) in keys.iter().filter(|(_, given)| *given) {
        context.refuse_key(
            "campaign/unused-key",
            &format!("{pointer}/{key}"),
            format!("`{key}` says how a file is read, and there is no `file` here"),
            "remove it",
        );
        fine = None;
    }
    fine
}

/// Checks a file's path and finds its format.
fn file(
    context: &mut Context<'_>,
    pointer: &str,
    path: &str,
    format: Option<FormatWord>,
) -> Option<FileFormat> {
    let inside = !path.starts_with('/')
        && !path.contains(['\\', ':'])
        && !path.chars().any(char::is_control)
        && !path.ends_with('/')
        && path.split('/').all(|part| part != "..");
    if !inside {
        context.refuse(
            "campaign/path",
            pointer,
            "the path leaves the folder, or is not a plain relative path",
            "write it relative to the campaign file or a folder of `OFFERCAST_AUDIENCE_DIR`, \
             with `/` and without `..`",
        );
        return None;
    }
    let format = match format {
        Some(FormatWord::Csv) => Some(FileFormat::Csv),
        Some(FormatWord::Tsv) => Some(FileFormat::Tsv),
        Some(FormatWord::Ndjson) => Some(FileFormat::Ndjson),
        None => FileFormat::of_path(path),
    };
    if format.is_none() {
        context.refuse(
            "campaign/file-format",
            pointer,
            "the extension does not say how the file is read",
            "add `format: csv`, `tsv` or `ndjson`",
        );
    }
    format
}

/// The people of a list, their values as they stand in the file.
fn people(context: &mut Context<'_>, pointer: &str) -> Option<Vec<ListEntry>> {
    let Kind::Sequence(items) = &context.document.node(pointer)?.kind else { return None };
    items.iter().map(|item| person(context, item)).collect()
}

fn person(context: &Context<'_>, item: &Node) -> Option<ListEntry> {
    let Kind::Mapping(entries) = &item.kind else { return None };
    let line = context.document.line(item.head().start);
    let mut phone = None;
    let mut fields = Vec::new();
    for entry in entries {
        let text = entry.value.scalar()?.text.clone();
        if entry.key == "phone" {
            phone = Some(text);
        } else {
            fields.push((entry.key.clone(), text));
        }
    }
    Some(ListEntry { phone: phone?, fields, line })
}
