//! A made world for the tests of this module: a folder with files and a campaign.

use std::time::Duration;

use crate::model::{
    Anchor, AudienceFile, Callback, Campaign, CampaignName, CampaignStatus, Delivery, Exclude,
    ExpirationForm, FileFormat, Limits, NumberFormat, Offer, OfferWindow, OnDuplicate, PhoneNumber,
    Rate, RecipientSource, Region, Sender, Template, TemplateName, UtcOffset,
};

use super::files::Roots;
use super::finding::Finding;

/// A folder with a campaign in it.
pub(super) struct World {
    folder: tempfile::TempDir,
    pub(super) campaign: Campaign,
}

impl World {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let campaign = campaign(folder.path().join("campaign.yaml"));
        Self { folder, campaign }
    }

    /// Adds a file to the folder.
    pub(super) fn write(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        std::fs::write(self.folder.path().join(name), content).expect("written");
        self
    }

    /// Adds a file and makes it a source.
    pub(super) fn source(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        self.source_with(name, content, |_| ())
    }

    pub(super) fn source_with(
        self,
        name: &str,
        content: impl AsRef<[u8]>,
        change: impl FnOnce(&mut AudienceFile),
    ) -> Self {
        let mut world = self.write(name, content);
        let mut file = AudienceFile {
            path: name.to_owned(),
            format: FileFormat::of_path(name).expect("a known format"),
            phone: "phone".to_owned(),
            id: None,
            country: None,
            filter: None,
        };
        change(&mut file);
        world.campaign.recipients.push(RecipientSource::File(file));
        world
    }

    /// Adds a file and excludes the people in it.
    pub(super) fn exclude(self, name: &str, content: impl AsRef<[u8]>, min_rows: u64) -> Self {
        let mut world = self.write(name, content);
        world.campaign.exclude.push(Exclude::File {
            path: name.to_owned(),
            format: FileFormat::of_path(name).expect("a known format"),
            phone: "phone".to_owned(),
            country: None,
            min_rows,
            late: false,
        });
        world
    }

    pub(super) fn on_duplicate(mut self, mode: OnDuplicate) -> Self {
        self.campaign.on_duplicate = mode;
        self
    }

    pub(super) fn roots(&self) -> Roots {
        Roots { folder: self.folder.path().to_path_buf(), extra: Vec::new() }
    }

    /// A finding as people will read it, without the temporary folder's name:
    /// `rule place: message (hint)`.
    pub(super) fn words(&self, finding: &Finding) -> String {
        let diagnostic = finding.clone().into_diagnostic(|_| crate::diagnostic::Place::Nowhere);
        let place = finding.campaign_place().map_or_else(
            || crate::diagnostic::Sources::default().describe(&diagnostic.place),
            |at| match &at.range {
                Some(range) => format!("{}[{}..{}]", at.pointer, range.start, range.end),
                None => at.pointer.clone(),
            },
        );
        let hint = diagnostic.hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
        let text = format!("{} {place}: {}{hint}", diagnostic.rule.0, diagnostic.message);
        let folder = self.folder.path().display().to_string();
        text.replace(&format!("{folder}/"), "").replace(&folder, "FOLDER")
    }

    pub(super) fn all_words(&self, findings: &[Finding]) -> Vec<String> {
        findings.iter().map(|finding| self.words(finding)).collect()
    }
}

fn campaign(path: std::path::PathBuf) -> Campaign {
    Campaign {
        name: CampaignName::new("diwali").expect("a name"),
        description: None,
        status: CampaignStatus::Active,
        sender: Sender {
            from: PhoneNumber::from_digits(919_876_543_210).expect("a number"),
            api_domain: Region::In.api_domain(),
        },
        template: Template {
            name: TemplateName::new("lto").expect("a name"),
            language: None,
            header: None,
            params: Vec::new(),
            url_suffix: None,
            has_expiration: true,
            text: None,
        },
        offer: Offer {
            coupon_code: "DIWALI".to_owned(),
            unique: None,
            code_key: None,
            window: OfferWindow::For {
                window: Duration::from_hours(24),
                anchor: Anchor::FirstApply,
            },
            expiration: ExpirationForm::UnixMs,
            offset: UtcOffset::UTC,
        },
        recipients: Vec::new(),
        on_duplicate: OnDuplicate::First,
        exclude: Vec::new(),
        callback: Callback::AccountDefault,
        delivery: Delivery {
            rate: Rate::parse("20/s").expect("a rate"),
            max_in_flight: 32,
            daily: None,
            recipients_per_request: 1,
            max_attempts: 3,
            min_remaining: Duration::from_mins(15),
            number_format: NumberFormat::Digits,
        },
        limits: Limits::default(),
        allow: Vec::new(),
        path,
    }
}
