//! The planner: shown everybody once, it decides for each and adds up.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::action::Action;
use super::again::is_allowed;
use super::cost::{PlanCost, cost_checks};
use super::earlier::{EarlierPlan, growth, shrunk};
use super::guard::{
    Blocker, Cap, LimitCheck, Notice, allow, blockers, limit_checks, notices, timely_blockers,
};
use super::identity::plan_id;
use super::past::{Decision, Past};
use super::people::{People, is_settled_in_last_plan};
use super::sampling::{Sample, Sampler};
use super::schedule::{Schedule, Timing};
use super::summary::{AudienceSummary, CodeSummary, Tally};
use super::terms::{FieldChange, Terms};
use crate::ledger::{ConsumedPlan, Sent, Snapshot};
use crate::model::{
    Campaign, CampaignName, CampaignStatus, ContentHash, GuardRule, Lineage, PhoneNumber, PlanId,
    State, Timestamp,
};
use crate::rates::RateCard;

/// A finished decision for one campaign.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Which campaign.
    pub campaign: CampaignName,
    /// What to approve. `None` when planned without a ledger: such a plan cannot be applied.
    pub id: Option<PlanId>,
    /// The ledger it is made against.
    pub lineage: Option<Lineage>,
    /// Whether this plan is new or one that was consumed before.
    pub progress: Progress,
    /// Whether the campaign may send at all.
    pub status: CampaignStatus,
    /// Counts of what was read.
    pub audience: AudienceSummary,
    /// Counts of what was decided.
    pub tally: Tally,
    /// Everybody to send to, sorted by number.
    pub sends: Vec<Planned>,
    /// People among `sends` whom late exclude lists name: they are left out when it is
    /// applied. Counted where the lists are known.
    pub late_excluded: u64,
    /// People to send to, by calling code.
    pub countries: BTreeMap<u16, u64>,
    /// Terms that differ from those applied last.
    pub changes: Vec<FieldChange>,
    /// A few of the people to send to.
    pub samples: Vec<Sample>,
    /// What is known of the codes.
    pub codes: CodeSummary,
    /// When it is sent.
    pub schedule: Schedule,
    /// What it costs at most; `None` without a rate card.
    pub cost: Option<PlanCost>,
    /// Limits and what they are held against.
    pub limits: Vec<LimitCheck>,
    /// Why it may not be applied.
    pub blockers: Vec<Blocker>,
    /// What a reviewer should know.
    pub notices: Vec<Notice>,
    /// The most outcomes a crash can leave unknown.
    pub most_unknown: u64,
    /// Bytes the uploaded header file adds up to over all requests.
    pub upload_bytes: u64,
    /// The terms, for the ledger.
    pub terms: Terms,
    /// When the plan was made.
    pub made_at: Timestamp,
}

/// Whether a plan is new to the ledger.
#[derive(Clone, PartialEq, Debug)]
pub enum Progress {
    /// Never consumed.
    New,
    /// Consumed before, with people left: applying it goes on where it stopped.
    Resumes(ConsumedPlan),
    /// Consumed before, nobody left.
    Finished(ConsumedPlan),
}

/// One person to send to: all that is kept of them while planning (24 bytes).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Planned {
    /// Who.
    pub number: PhoneNumber,
    /// What they get.
    pub content: ContentHash,
}

/// What a plan depends on besides the people.
#[derive(Clone, Debug)]
pub struct PlanningContext<'a> {
    /// The campaign.
    pub campaign: &'a Campaign,
    /// What the ledger knows; `None` plans as if nothing had ever been sent.
    pub snapshot: Option<&'a Snapshot>,
    /// The terms that the id covers.
    pub terms: Terms,
    /// What messages cost.
    pub rates: Option<&'a RateCard>,
    /// The wall time.
    pub now: Timestamp,
    /// Who was sent to from this sender number within the last 24 hours, by any campaign, the
    /// longest ago first; for `delivery.daily` only.
    pub sent: &'a [Sent],
    /// Limits that the campaign's author does not set.
    pub caps: &'a [Cap],
    /// Guards that no campaign may override.
    pub firm: &'a [GuardRule],
    /// An earlier plan that the ledger need not know, to hold this one against as well.
    pub earlier: Option<EarlierPlan>,
    /// How many samples to keep.
    pub samples: usize,
}

/// Decides person by person. Memory: 24 bytes for each person to send to, and one for each
/// the ledger knows.
#[derive(Debug)]
pub struct Planner<'a> {
    context: PlanningContext<'a>,
    past: Arc<Past<'a>>,
    seen: Vec<bool>,
    tally: Tally,
    /// People of the audience whose message failed later.
    failed: u64,
    sends: Vec<Planned>,
    /// The rounds of those among `sends` who were settled as unsent or failed before.
    rounds: Vec<(PhoneNumber, u32)>,
    /// People whom the plan consumed last left out, and people settled as unsent. Whether
    /// they are asked again depends on whether this turns out to be that plan or a new one.
    left_out: Vec<LeftOut>,
    sampler: Sampler,
}

/// A person who is sent to only if this is a new plan.
#[derive(Clone, Copy, Debug)]
struct LeftOut {
    planned: Planned,
    round: u32,
}

impl Plan {
    /// Whether it may not be applied, as things stood when it was made. A campaign that may
    /// not send, and an offer that is over with nobody left, are nobody's concern any more.
    pub fn is_refused(&self) -> bool {
        let concerns = self.tally.send > 0 || !self.schedule.offer_is_over();
        self.status == CampaignStatus::Active && concerns && !self.blockers.is_empty()
    }
}

impl<'a> Planner<'a> {
    /// A planner that has seen nobody yet.
    pub fn new(context: PlanningContext<'a>) -> Self {
        let past =
            Arc::new(Past::of(context.snapshot, is_allowed(context.snapshot, &context.terms)));
        let seen = vec![false; past.people().len()];
        let sampler = Sampler::new(context.samples);
        let (sends, rounds, left_out) = (Vec::new(), Vec::new(), Vec::new());
        let (tally, failed) = (Tally::default(), 0);
        Self { context, past, seen, tally, failed, sends, rounds, left_out, sampler }
    }

    /// What decisions are made from, for other threads to decide with.
    pub fn past(&self) -> Arc<Past<'a>> {
        Arc::clone(&self.past)
    }

    /// Decides for one person. Each person must be shown once; the audience sees to that.
    pub fn consider(&mut self, number: PhoneNumber, content: ContentHash) -> Action {
        let decision = self.past.decide(number, content);
        self.record(number, content, decision)
    }

    /// Takes in what was decided for one person, by [`Planner::past`]. Each person once.
    pub fn record(
        &mut self,
        number: PhoneNumber,
        content: ContentHash,
        decision: Decision,
    ) -> Action {
        let Decision { action, known, round, failed, again } = decision;
        if let Some(index) = known {
            self.seen[index as usize] = true;
            self.failed += u64::from(failed);
            self.tally.after_failure += u64::from(again);
        }
        let planned = Planned { number, content };
        if action == Action::Send {
            self.sends.push(planned);
            if round > 0 {
                self.rounds.push((number, round));
            }
        } else if action.may_send() {
            self.left_out.push(LeftOut { planned, round });
        }
        self.tally.count(action);
        action
    }

    /// Whether a sample of this person, who may be sent to, is wanted.
    pub fn wants_sample(&self, number: PhoneNumber, content: ContentHash) -> bool {
        self.sampler.wants(number, content)
    }

    /// Keeps a sample.
    pub fn keep_sample(&mut self, content: ContentHash, sample: Sample) {
        self.sampler.keep(content, sample);
    }

    /// Puts those to send to in order once everybody was shown, which [`Planner::finish`] does
    /// where it was not done: something else can be done meanwhile.
    pub fn put_in_order(&mut self) {
        self.sends.sort_unstable_by_key(|planned| planned.number);
    }

    /// Adds up once everybody was shown.
    pub fn finish(mut self, audience: AudienceSummary, codes: CodeSummary) -> Plan {
        self.count_gone();
        let (id, progress) = self.identify();
        let again = match progress {
            Progress::New => self.rounds.len() as u64 - self.tally.after_failure,
            Progress::Resumes(_) | Progress::Finished(_) => 0,
        };
        let Self { context, past, tally, failed, sends, sampler, .. } = self;
        let PlanningContext {
            campaign,
            snapshot,
            terms,
            rates,
            now,
            sent,
            caps,
            firm,
            earlier,
            ..
        } = context;
        let memory = snapshot.and_then(|snapshot| snapshot.campaign.as_ref());
        let last_plan = memory.and_then(|memory| memory.last_plan.as_ref());
        let changes = last_plan.map(|last| terms.changes_since(&last.terms)).unwrap_or_default();
        let (people, written_end) = match &progress {
            Progress::New => (tally.send, None),
            Progress::Resumes(plan) | Progress::Finished(plan) => {
                (plan.planned, Some(plan.offer_end))
            }
        };
        let timing = Timing::of(campaign, written_end);
        let schedule = timing.schedule(tally.send, now, sent);
        let resumes = !matches!(progress, Progress::New);
        let known = past.people().iter();
        let forgotten = memory.map(|memory| memory.forgotten.as_slice()).unwrap_or_default();
        let cost = rates.map(|card| PlanCost::of(card, &sends, known, forgotten, resumes));
        let mut limits = limit_checks(campaign, &audience, people, caps);
        limits.extend(cost_checks(campaign.limits.cost, caps, cost.as_ref()));
        let one_guess_in = match &codes {
            CodeSummary::Unique { one_guess_in, .. } => *one_guess_in,
            CodeSummary::Shared | CodeSummary::NotUnique | CodeSummary::Unproven => None,
        };
        let mut blockers = blockers(&tally, &limits, &changes);
        let mut notices = notices(campaign, &audience, &tally, again, &schedule, one_guess_in);
        if failed > tally.after_failure && campaign.allows(GuardRule::Failed) {
            notices.push(Notice::FailedSince(failed));
        }
        if tally.send > 0 {
            let is_new = progress == Progress::New;
            let earlier: Vec<_> =
                last_plan.map(EarlierPlan::from).into_iter().chain(earlier).collect();
            if is_new {
                blockers.extend(growth(tally.send, &earlier));
            }
            blockers.extend(shrunk(&audience, &earlier));
            let allowed = allow(campaign, firm, &mut blockers);
            // What was needed once stays in the file while its plan is carried out.
            notices.extend(
                allowed
                    .into_iter()
                    .filter(|notice| is_new || !matches!(notice, Notice::AllowedInVain(_))),
            );
            blockers.extend(timely_blockers(&timing, &schedule, now, is_new));
        }
        let unpriced = cost.as_ref().map_or(0, |cost| cost.sends.unpriced);
        if unpriced > 0 {
            notices.push(Notice::Unpriced(unpriced));
        }
        Plan {
            campaign: campaign.name.clone(),
            id,
            lineage: snapshot.map(|snapshot| snapshot.lineage.clone()),
            progress,
            status: campaign.status,
            notices,
            late_excluded: 0,
            audience,
            tally,
            samples: sampler.finish(|number| is_sent_to(&sends, number)),
            countries: countries(&sends),
            sends,
            changes,
            codes,
            schedule,
            cost,
            limits,
            blockers,
            most_unknown: campaign.delivery.most_unknown_after_a_crash().min(tally.send),
            upload_bytes: upload_bytes(campaign, tally.send),
            terms,
            made_at: now,
        }
    }

    fn count_gone(&mut self) {
        for (known, _) in self.past.people().iter().zip(&self.seen).filter(|(_, seen)| !**seen) {
            self.tally.gone += 1;
            if known.in_last_plan && known.state == State::Pending {
                self.tally.gone_pending += 1;
            }
        }
    }

    /// The id, and whether it is that of the plan consumed last.
    ///
    /// The id of a consumed plan is recomputed over the people in it, as the ledger has
    /// them, and the people still to be sent to, as the files have them now: it comes out
    /// the same as long as nobody joined, left or changed who was still to be sent to.
    fn identify(&mut self) -> (Option<PlanId>, Progress) {
        self.put_in_order();
        let Some(snapshot) = self.context.snapshot else { return (None, Progress::New) };
        let PlanningContext { campaign, terms, .. } = &self.context;
        let id_over = |people: People<'_>, mut rounds: Vec<_>| {
            plan_id(&snapshot.secret, &snapshot.lineage, &campaign.name, terms, people, &mut rounds)
        };
        let last_plan =
            snapshot.campaign.as_ref().and_then(|memory| memory.last_plan.as_ref()).cloned();
        // Whoever gets it again is behind the last plan already, which therefore is another.
        let last_plan = last_plan.filter(|_| self.tally.after_failure == 0);
        if let Some(last) = last_plan {
            let id = id_over(self.people_of_last_plan(), self.rounds_of_last_plan());
            if id == last.id && self.tally.send > 0 {
                return (Some(id), Progress::Resumes(last));
            }
            if id == last.id && self.tally.settled_unsent == 0 {
                return (Some(id), Progress::Finished(last));
            }
        }
        // A new plan asks the left-out people again.
        self.tally.left_out_before = 0;
        self.tally.settled_unsent = 0;
        self.tally.send += self.left_out.len() as u64;
        for LeftOut { planned, round } in std::mem::take(&mut self.left_out) {
            self.sends.push(planned);
            if round > 0 {
                self.rounds.push((planned.number, round));
            }
        }
        self.sends.sort_unstable_by_key(|planned| planned.number);
        (Some(id_over(People::of(&self.sends), self.rounds.clone())), Progress::New)
    }

    fn people_of_last_plan(&self) -> People<'_> {
        People::of_last_plan(self.past.people(), &self.sends)
    }

    /// As they were when that plan was consumed.
    fn rounds_of_last_plan(&self) -> Vec<(PhoneNumber, u32)> {
        let settled = self.past.people().iter().filter(|known| is_settled_in_last_plan(known));
        settled
            .map(|known| (known.number, known.round))
            .filter(|(_, round)| *round > 0)
            .chain(self.rounds.iter().copied())
            .collect()
    }
}

fn is_sent_to(sends: &[Planned], number: PhoneNumber) -> bool {
    sends.binary_search_by_key(&number, |planned| planned.number).is_ok()
}

fn countries(sends: &[Planned]) -> BTreeMap<u16, u64> {
    let mut countries = BTreeMap::new();
    for planned in sends {
        *countries.entry(planned.number.calling_code()).or_insert(0) += 1;
    }
    countries
}

fn upload_bytes(campaign: &Campaign, messages: u64) -> u64 {
    let Some(crate::model::Header::File(file)) = &campaign.template.header else { return 0 };
    let per_request = u64::from(campaign.delivery.recipients_per_request);
    (file.bytes.len() as u64).saturating_mul(messages.div_ceil(per_request))
}
