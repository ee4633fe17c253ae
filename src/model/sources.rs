//! Where recipients and opt-outs come from, as declared.

use super::campaign::CampaignName;

/// One source of recipients.
#[derive(Clone, Debug)]
pub enum RecipientSource {
    /// A file beside the campaign file or in `OFFERCAST_AUDIENCE_DIR`.
    File(AudienceFile),
    /// People named in the campaign file itself.
    List(Vec<ListEntry>),
}

/// A recipients file.
#[derive(Clone, Debug)]
pub struct AudienceFile {
    /// As written: relative, without `..`.
    pub path: String,
    /// How to read it.
    pub format: FileFormat,
    /// The column that holds the number.
    pub phone: String,
    /// The column carried to the ledger, so that people can be found without numbers.
    pub id: Option<String>,
    /// ISO 3166 country of numbers written without a country code.
    pub country: Option<String>,
    /// minijinja expression; rows for which it is false are left out.
    pub filter: Option<String>,
}

/// A person named in the campaign file.
#[derive(Clone, Debug)]
pub struct ListEntry {
    /// The number as written.
    pub phone: String,
    /// The other keys, in order.
    pub fields: Vec<(String, String)>,
    /// 1-based line of the entry in the campaign file.
    pub line: u64,
}

/// How a recipients file is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FileFormat {
    /// Comma-separated, RFC 4180.
    Csv,
    /// Tab-separated.
    Tsv,
    /// One JSON object per line.
    Ndjson,
}

impl FileFormat {
    /// The format a file name stands for: `.csv`, `.tsv`, `.ndjson` or `.jsonl`.
    pub fn of_path(path: &str) -> Option<Self> {
        let extension = path.rsplit_once('.')?.1;
        match extension.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "tsv" => Some(Self::Tsv),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            _ => None,
        }
    }
}

/// What a person who appears twice with different variables means.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum OnDuplicate {
    /// The first row counts; the others are counted and warned about.
    #[default]
    First,
    /// The audience is refused.
    Error,
}

/// People who must not get a message.
#[derive(Clone, Debug)]
pub enum Exclude {
    /// A file of numbers, read strictly: a lost opt-out is a wrong send.
    File {
        /// As written: relative, without `..`.
        path: String,
        /// How to read it.
        format: FileFormat,
        /// The column that holds the number; a headerless one-column file needs none.
        phone: String,
        /// ISO 3166 country of numbers written without a country code.
        country: Option<String>,
        /// Refused when the file has fewer rows than this.
        min_rows: u64,
        /// Subtracted after the plan id is made, and read again at apply.
        late: bool,
    },
    /// Everybody accepted or unknown in another campaign of this ledger.
    Campaign(CampaignName),
}
