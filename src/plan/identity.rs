//! The plan id: what a reviewer approves.

use hmac::Mac;

use super::people::People;
use super::terms::Terms;
use crate::model::{CampaignName, LedgerSecret, Lineage, PhoneNumber, PlanId};

/// People taken into a plan's id at once.
const AT_ONCE: usize = 128;

/// The id of a plan: 128 bits of HMAC-SHA-256, keyed by the ledger's secret, over lineage,
/// campaign name, terms and the people with what each gets, sorted by number.
///
/// Keyed, because a plain digest over telephone numbers could be searched for them; bound
/// to the lineage, because an approval means "in the light of what was sent before".
/// Every text is framed by its length, so that no two lists of texts run together.
///
/// `people` are sorted by number, each once. `rounds` are those among them who were
/// settled as unsent before, and how often: whoever approved the first try did not approve
/// the second, so it has another id even where it is the same message to the same people.
pub(super) fn plan_id(
    secret: &LedgerSecret,
    lineage: &Lineage,
    campaign: &CampaignName,
    terms: &Terms,
    people: People<'_>,
    rounds: &mut Vec<(PhoneNumber, u32)>,
) -> PlanId {
    debug_assert!(people.in_order().is_sorted_by(|a, b| a.number < b.number), "each once");
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
    mac.update(&people.count().to_be_bytes());
    // Some dozens at a time: a digest of many short texts is mostly the calls.
    let mut bytes = Vec::with_capacity(AT_ONCE * 24);
    for person in people.in_order() {
        bytes.extend_from_slice(&person.number.as_u64().to_be_bytes());
        bytes.extend_from_slice(person.content.as_bytes());
        if bytes.len() == AT_ONCE * 24 {
            mac.update(&bytes);
            bytes.clear();
        }
    }
    mac.update(&bytes);
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
