//! The plan id: what a reviewer approves.

use hmac::Mac;

use super::planner::Planned;
use super::terms::Terms;
use crate::model::{CampaignName, LedgerSecret, Lineage, PhoneNumber, PlanId};

/// The id of a plan: 128 bits of HMAC-SHA-256, keyed by the ledger's secret, over lineage,
/// campaign name, terms and the people with what each gets, sorted by number.
///
/// Keyed, because a plain digest over telephone numbers could be searched for them; bound
/// to the lineage, because an approval means "in the light of what was sent before".
/// Every text is framed by its length, so that no two lists of texts run together.
///
/// `people` must be sorted by number, each once. `rounds` are those among them who were
/// settled as unsent before, and how often: whoever approved the first try did not approve
/// the second, so it has another id even where it is the same message to the same people.
pub(super) fn plan_id(
    secret: &LedgerSecret,
    lineage: &Lineage,
    campaign: &CampaignName,
    terms: &Terms,
    people: &[Planned],
    rounds: &mut Vec<(PhoneNumber, u32)>,
) -> PlanId {
    debug_assert!(people.is_sorted_by(|a, b| a.number < b.number), "sorted, each once");
    let mut mac = secret.start_mac(b"offercast plan id v1");
    let mut text = |text: &str| {
        mac.update(&(text.len() as u64).to_be_bytes());
        mac.update(text.as_bytes());
    };
    text(lineage.as_str());
    text(campaign.as_str());
    text(&terms.pairs().len().to_string());
    for (field, value) in terms.pairs() {
        text(field);
        text(value);
    }
    mac.update(&(people.len() as u64).to_be_bytes());
    for person in people {
        mac.update(&person.number.as_u64().to_be_bytes());
        mac.update(person.content.as_bytes());
    }
    rounds.sort_unstable();
    for (number, round) in rounds {
        mac.update(&number.as_u64().to_be_bytes());
        mac.update(&round.to_be_bytes());
    }
    let digest: [u8; 32] = mac.finalize().into_bytes().into();
    let mut id = [0; 16];
    id.copy_from_slice(&digest[..16]);
    PlanId::from_bytes(id)
}
