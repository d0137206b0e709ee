//! `Rules`: what members claim of each other, before foca takes it over, and what foca says to them.
//!
//! foca is a plain SWIM: it believes each claim, forgets nothing of what it found out while it was cut off, and raises its
//! numbers as often as it is told to. These rules stand between it and the wire. A claim that a member is down is a reason to
//! ask that member, and the verdict is this node's own.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use fastrand::Rng;
use foca::{Member, State};

use crate::swim::member::MemberId;
use crate::wire::{self, InstanceId};

/// Maximum step of the generation or incarnation of a member that another one claims, and of a member's own packets until an
/// echo has come from it.
const MAX_STEP: u32 = 16;

/// Maximum step of the own generation. Other members follow by `MAX_STEP` a unit, so no true number is further away.
const MAX_OWN_STEP: u32 = 65536;

/// In units: how long a suspect member has to refute. An outage of 25 units ends before that, and the spreading of a verdict
/// ends before the expiry, which is 35.
const SUSPICION: f64 = 26.0;

/// In units: how long a member has to answer that another one claims to be down, or to have said goodbye.
const ACCUSATION: f64 = 3.0;
const LEAVING: f64 = 1.0;

/// Number of asks before a verdict, in its last part, and that part in units.
const LAST_ASKS: u32 = 3;
const LAST_PART: f64 = 2.0;

/// In units: the time from an ask after which it has no answer.
const PATIENCE: f64 = 0.5;

/// In units: the time from one ask of a suspect member to the next. The members of a large cluster ask more seldom.
const ASK_GAP: f64 = 3.0;
const MAX_ASK_GAP: f64 = 6.0;
const MEMBERS_PER_GAP: usize = 10;

/// In units: a node that has received nothing for so long keeps its verdicts to itself.
const ISOLATION: f64 = 3.0;

/// In units: the minimum time between two raises of a number.
const RAISE_GAP: f64 = 1.0;

/// In units: after an isolation the node probes its suspect members within this time, and this more for each.
const RETURN_SPREAD: f64 = 1.0;
const RETURN_SPREAD_EACH: f64 = 0.02;

/// What this node holds of an instance that it has once validated.
pub(crate) struct Seat {
    pub member: MemberId,
    pub incarnation: u16,
    pub state: State,
    /// True for a verdict that this node made while it received nothing.
    pub is_lone: bool,
    /// True if the registry lists it.
    pub is_listed: bool,
    /// True after an echo: the next packet of the member itself sets its numbers, whatever they were.
    is_open: bool,
    /// Number of its last message.
    sequence: u64,
    /// When another member last raised its numbers.
    raised_at: Option<Instant>,
    pub down_since: Option<Instant>,
}

impl Seat {
    pub fn new(member: MemberId, sequence: u64) -> Self {
        Seat {
            member,
            incarnation: 0,
            state: State::Alive,
            is_lone: false,
            is_listed: false,
            is_open: true,
            sequence,
            raised_at: None,
            down_since: None,
        }
    }

    pub fn is_down(&self) -> bool {
        self.state == State::Down
    }

    /// Takes note of an echo: whatever others claimed, the instance is there, and its numbers are its own to say.
    pub fn on_echo(&mut self, sequence: u64) {
        self.sequence = sequence;
        self.is_open = true;
    }
}

/// What becomes of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// foca takes it over.
    Pass,
    /// It changes nothing.
    Drop,
    /// It says that a member is down. The node probes the member.
    Accuse,
    /// It is about an instance that is not listed, and is to be validated.
    Validate,
    /// It gives this node another generation, which the node exceeds.
    Exceed(u32),
}

/// Something that is due.
pub(crate) enum Due {
    /// Ask a member, with the claim about it.
    Ask(MemberId),
    /// The member has not answered.
    Verdict {
        member: MemberId,
        incarnation: u16,
        /// True if this node received nothing, so that it keeps the verdict to itself.
        is_lone: bool,
        /// The goodbye that another member passed on.
        goodbye: Option<Vec<u8>>,
    },
}

/// Why a member may be down, and when the node probes it.
struct Doubt {
    /// True if it is this node's own, and foca holds the member alive.
    is_private: bool,
    is_lone: bool,
    deadline: Instant,
    next: Instant,
    /// Number of asks without an answer, and the time of the last.
    asks: u32,
    asked_at: Option<Instant>,
    goodbye: Option<Vec<u8>>,
}

impl Doubt {
    fn new(is_private: bool, deadline: Instant, next: Instant) -> Self {
        Doubt { is_private, is_lone: false, deadline, next, asks: 0, asked_at: None, goodbye: None }
    }
}

pub(crate) struct Rules {
    unit: Duration,
    rng: Rng,
    pub seats: BTreeMap<InstanceId, Seat>,
    doubts: BTreeMap<InstanceId, Doubt>,
    /// When a member was last received.
    received_at: Instant,
    /// When the own numbers were last raised.
    raised_at: Option<Instant>,
    pub own_incarnation: u16,
    /// True if an isolation has just ended.
    has_returned: bool,
}

impl Rules {
    pub fn new(unit: Duration, seed: u64, now: Instant) -> Self {
        Rules {
            unit,
            rng: Rng::with_seed(seed),
            seats: BTreeMap::new(),
            doubts: BTreeMap::new(),
            received_at: now,
            raised_at: None,
            own_incarnation: 0,
            has_returned: false,
        }
    }

    pub fn remove(&mut self, id: &InstanceId) {
        self.seats.remove(id);
        self.doubts.remove(id);
    }

    /// Returns true for a message newer than all others of its sender. Nothing is stored about an instance without a seat.
    pub fn is_new(&mut self, sender: &InstanceId, sequence: u64) -> bool {
        let Some(seat) = self.seats.get_mut(sender) else { return true };
        let is_new = sequence > seat.sequence && sequence - seat.sequence <= wire::MAX_STEP;
        if is_new {
            seat.sequence = sequence;
        }
        is_new
    }

    /// Returns true if this node has received nothing for so long that it may be the one that is cut off.
    pub fn is_isolated(&self, now: Instant) -> bool {
        now > self.received_at + self.units(ISOLATION)
    }

    /// Takes note of a packet of a member, with the numbers in its header. Returns false if they are implausible: nothing of the
    /// packet counts until an echo has come.
    pub fn on_packet_of(&mut self, sender: &MemberId, incarnation: u16, now: Instant) -> bool {
        let Some(seat) = self.seats.get_mut(&sender.id) else { return false };
        let step = sender.generation.saturating_sub(seat.member.generation);
        let is_same = sender.generation == seat.member.generation;
        let is_far = step > MAX_STEP || is_same && incarnation > max_incarnation(seat.incarnation);
        if is_far && !seat.is_open {
            return false;
        }
        seat.is_open = false;
        seat.member.address = sender.address;
        self.on_received(&sender.id, now);
        true
    }

    /// Takes note that a member was received.
    pub fn on_received(&mut self, id: &InstanceId, now: Instant) {
        if self.is_isolated(now) {
            self.on_return(now);
        }
        self.received_at = now;
        let term = self.units(SUSPICION);
        let next = self.ask_gap();
        match self.doubts.get_mut(id) {
            Some(doubt) if doubt.is_private && doubt.asks > 0 => drop(self.doubts.remove(id)),
            Some(doubt) if !doubt.is_private => {
                (doubt.asks, doubt.deadline, doubt.next) = (0, now + term, now + next);
            }
            _ => {}
        }
    }

    /// Returns the members that this node alone holds down, once after an isolation.
    pub fn take_lone(&mut self) -> Vec<MemberId> {
        if !std::mem::take(&mut self.has_returned) {
            return Vec::new();
        }
        self.seats.values().filter(|seat| seat.is_down() && seat.is_lone).map(|seat| seat.member).collect()
    }

    /// Gives all suspect members a fresh term after a suspend.
    pub fn on_resume(&mut self, now: Instant) {
        self.doubts.values_mut().for_each(|doubt| doubt.is_lone = true);
        self.on_return(now);
        self.received_at = now;
    }

    /// Judges what a member claims.
    pub fn judge(
        &mut self,
        claim: &Member<MemberId>,
        by: &InstanceId,
        own: &MemberId,
        now: Instant,
    ) -> Judgement {
        let about = claim.id();
        if about.id == own.id {
            return self.judge_own(claim, own, now);
        }
        let is_vain = self.is_asked_in_vain(&about.id, now);
        let max_gap = self.units(RAISE_GAP);
        let Some(seat) = self.seats.get_mut(&about.id) else {
            return if claim.state() == State::Down { Judgement::Drop } else { Judgement::Validate };
        };
        let (known, generation) = (seat.member.generation, about.generation);
        let is_newer = generation > known;
        let is_far = generation.saturating_sub(known) > MAX_STEP
            || !is_newer && claim.incarnation() > max_incarnation(seat.incarnation);
        if generation < known || is_far {
            return Judgement::Drop;
        }
        match claim.state() {
            State::Down if seat.is_down() => {
                seat.is_lone = false;
                Judgement::Drop
            }
            State::Down if about.id == *by || is_vain && !is_newer => Judgement::Pass,
            State::Down => Judgement::Accuse,
            State::Alive if !is_newer && (seat.is_down() || !seat.is_listed) => Judgement::Validate,
            State::Alive if !is_newer && claim.incarnation() <= seat.incarnation => Judgement::Drop,
            State::Suspect if seat.is_down() => Judgement::Drop,
            _ if is_newer && seat.raised_at.is_some_and(|at| now < at + max_gap) => Judgement::Drop,
            _ => {
                if is_newer {
                    seat.raised_at = Some(now);
                }
                Judgement::Pass
            }
        }
    }

    /// Judges that an identity of this node is down, as a packet says that has no other content. Such a packet has the
    /// generation that its sender means.
    pub fn may_be_told_down(&mut self, generation: u32, own: &MemberId, now: Instant) -> bool {
        generation == own.generation && self.may_raise(now)
    }

    /// Makes this node ask a member that another one claims to be down, or of which it passed on the goodbye. Returns true if
    /// it was asked before, without an answer.
    pub fn accuse(&mut self, id: &InstanceId, goodbye: Option<&[u8]>, now: Instant) -> bool {
        if self.is_asked_in_vain(id, now) {
            return true;
        }
        if self.seats.get(id).is_none_or(Seat::is_down) {
            return false;
        }
        let time = self.units(if goodbye.is_some() { LEAVING } else { ACCUSATION });
        let next = now + time.mul_f64(0.3 * self.rng.f64());
        let doubt = self.doubts.entry(*id).or_insert(Doubt::new(true, now + time, next));
        doubt.deadline = doubt.deadline.min(now + time);
        doubt.next = doubt.next.min(next);
        if let Some(goodbye) = goodbye {
            doubt.goodbye.get_or_insert_with(|| goodbye.to_vec());
        }
        false
    }

    /// Takes note of a state that foca has taken over. A claim does not change the address: that is from the member's own
    /// packets.
    pub fn on_state(&mut self, told: &Member<MemberId>, now: Instant) {
        let id = told.id().id;
        let is_isolated = self.is_isolated(now);
        let Some(seat) = self.seats.get_mut(&id) else { return };
        seat.member.generation = told.id().generation;
        (seat.incarnation, seat.state) = (told.incarnation(), told.state());
        seat.is_listed &= !seat.is_down();
        seat.is_lone &= seat.is_down();
        seat.down_since = seat.is_down().then_some(seat.down_since.unwrap_or(now));
        match told.state() {
            State::Suspect => self.suspect(id, is_isolated, now),
            State::Alive | State::Down => drop(self.doubts.remove(&id)),
        }
    }

    /// Returns what is to be said of a member in each packet to it.
    pub fn claim_to(&self, to: &InstanceId) -> Option<Member<MemberId>> {
        let seat = self.seats.get(to)?;
        let state = match seat.state {
            State::Alive if self.doubts.contains_key(to) => State::Suspect,
            State::Alive => return None,
            state => state,
        };
        (!seat.is_lone).then(|| Member::new(seat.member, seat.incarnation, state))
    }

    /// Returns true for a claim that this node keeps to itself.
    pub fn is_kept(&self, claim: &Member<MemberId>) -> bool {
        let id = &claim.id().id;
        let is_lone_doubt = || self.doubts.get(id).is_some_and(|doubt| doubt.is_lone);
        let is_lone = || self.seats.get(id).is_some_and(|seat| seat.is_lone) || is_lone_doubt();
        claim.state() != State::Alive && is_lone()
    }

    /// Returns the next thing that is due by `now`.
    pub fn take_due(&mut self, now: Instant) -> Option<Due> {
        let (id, _) = self.doubts.iter().find(|(_, doubt)| doubt.next <= now)?;
        let id = *id;
        let Some((member, incarnation)) = self.seats.get(&id).map(|seat| (seat.member, seat.incarnation))
        else {
            self.doubts.remove(&id);
            return self.take_due(now);
        };
        let (gap, last_part) = (self.ask_gap(), self.units(LAST_PART));
        let is_isolated = self.is_isolated(now);
        let doubt = self.doubts.get_mut(&id)?;
        if doubt.deadline <= now && doubt.asks >= LAST_ASKS {
            let doubt = self.doubts.remove(&id)?;
            return Some(Due::Verdict { member, incarnation, is_lone: is_isolated, goodbye: doubt.goodbye });
        }
        doubt.asks += 1;
        doubt.asked_at = Some(now);
        doubt.next = next_ask(doubt.deadline, gap, last_part, now);
        Some(Due::Ask(member))
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        self.doubts.values().map(|doubt| doubt.next).min()
    }

    fn judge_own(&mut self, claim: &Member<MemberId>, own: &MemberId, now: Instant) -> Judgement {
        let generation = claim.id().generation;
        if generation > own.generation {
            let is_near = generation - own.generation <= MAX_OWN_STEP;
            return if is_near && self.may_raise(now) {
                Judgement::Exceed(generation)
            } else {
                Judgement::Drop
            };
        }
        let is_refuted = match claim.state() {
            State::Alive => false,
            State::Suspect => claim.incarnation() >= self.own_incarnation,
            State::Down => true,
        };
        let passes = generation == own.generation && is_refuted && self.may_raise(now);
        if passes { Judgement::Pass } else { Judgement::Drop }
    }

    fn may_raise(&mut self, now: Instant) -> bool {
        let gap = self.units(RAISE_GAP);
        let may_raise = self.raised_at.is_none_or(|at| at + gap <= now);
        if may_raise {
            self.raised_at = Some(now);
        }
        may_raise
    }

    fn is_asked_in_vain(&self, id: &InstanceId, now: Instant) -> bool {
        let patience = self.units(PATIENCE);
        let is_over = |doubt: &Doubt| doubt.asked_at.is_some_and(|at| at + patience <= now);
        let is_vain = |doubt: &Doubt| doubt.asks > 1 || doubt.asks == 1 && is_over(doubt);
        !self.is_isolated(now) && self.doubts.get(id).is_some_and(is_vain)
    }

    fn suspect(&mut self, id: InstanceId, is_lone: bool, now: Instant) {
        let (term, next) = (self.units(SUSPICION), now + self.ask_gap());
        let new = Doubt { is_lone, ..Doubt::new(false, now + term, next) };
        let doubt = self.doubts.entry(id).or_insert(new);
        doubt.is_private = false;
        // What others claim as well is no longer this node's alone.
        doubt.is_lone &= is_lone;
    }

    /// Ends an isolation: what was found out meanwhile may be this node's own fault.
    fn on_return(&mut self, now: Instant) {
        self.has_returned = true;
        let term = self.units(SUSPICION);
        let count = self.doubts.len() as f64;
        let spread = self.units(RETURN_SPREAD + RETURN_SPREAD_EACH * count);
        for doubt in self.doubts.values_mut().filter(|doubt| doubt.is_lone) {
            doubt.deadline = now + term;
            doubt.next = now + spread.mul_f64(self.rng.f64());
            doubt.asks = 0;
        }
    }

    fn ask_gap(&mut self) -> Duration {
        let gap = ASK_GAP * (self.seats.len() as f64 / MEMBERS_PER_GAP as f64);
        self.units(gap.clamp(ASK_GAP, MAX_ASK_GAP)).mul_f64(0.5 + self.rng.f64() / 2.0)
    }

    fn units(&self, count: f64) -> Duration {
        self.unit.mul_f64(count)
    }
}

/// Returns when to ask again: the last asks are evenly spread over the last part of the time.
fn next_ask(deadline: Instant, gap: Duration, last_part: Duration, now: Instant) -> Instant {
    let left = deadline.saturating_duration_since(now);
    if left > last_part {
        return (now + gap).min(deadline - last_part);
    }
    // An ask that is late, or one of a short term, has an answer to wait for as well.
    let step = (last_part / LAST_ASKS).min(left.max(last_part / (2 * LAST_ASKS)));
    now + step
}

fn max_incarnation(known: u16) -> u16 {
    known.saturating_add(MAX_STEP as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNIT: Duration = Duration::from_secs(1);
    const OWN: [u8; 16] = [1; 16];
    const OTHER: [u8; 16] = [2; 16];
    const THIRD: [u8; 16] = [3; 16];

    fn identity(id: InstanceId, generation: u32) -> MemberId {
        MemberId { id, generation, address: ([192, 0, 2, id[0]], 5).into() }
    }

    /// Rules with seats of two members, at the time of their start.
    #[allow(clippy::disallowed_methods)] // a test has to begin at some time
    fn rules() -> (Rules, Instant) {
        let now = Instant::now();
        let mut rules = Rules::new(UNIT, 7, now);
        for id in [OTHER, THIRD] {
            rules.seats.insert(id, Seat::new(identity(id, 5), 1));
            rules.on_state(&Member::new(identity(id, 5), 3, State::Alive), now);
            rules.seats.get_mut(&id).expect("it has a seat").is_listed = true;
        }
        (rules, now)
    }

    fn judge(rules: &mut Rules, id: InstanceId, claim: (u32, u16, State), now: Instant) -> Judgement {
        let (generation, incarnation, state) = claim;
        let claim = Member::new(identity(id, generation), incarnation, state);
        rules.judge(&claim, &OTHER, &identity(OWN, 5), now)
    }

    /// Does what is due until `end`, while `by` is received all the time. Returns the asks, and whether there was a verdict.
    fn run(
        rules: &mut Rules,
        now: &mut Instant,
        end: Instant,
        by: Option<InstanceId>,
    ) -> (usize, Option<bool>) {
        let mut asks = 0;
        while *now < end {
            *now += UNIT / 10;
            by.iter().for_each(|id| rules.on_received(id, *now));
            while let Some(due) = rules.take_due(*now) {
                match due {
                    Due::Ask(_) => asks += 1,
                    Due::Verdict { is_lone, .. } => return (asks, Some(is_lone)),
                }
            }
        }
        (asks, None)
    }

    #[test]
    fn claims_are_judged_by_the_known_numbers() {
        use Judgement::{Accuse, Drop, Pass, Validate};
        let (mut rules, now) = rules();
        let alive = |generation, incarnation| (generation, incarnation, State::Alive);
        for (claim, expected) in [
            (alive(5, 3), Drop),
            (alive(5, 4), Pass),
            (alive(5, 19), Pass),
            (alive(5, 20), Drop),
            (alive(4, 9), Drop),
            (alive(22, 0), Drop),
            ((5, 3, State::Suspect), Pass),
            ((5, 3, State::Down), Accuse),
            ((9, 0, State::Down), Accuse),
            ((4, 0, State::Down), Drop),
            ((u32::MAX, 0, State::Down), Drop),
            (alive(21, 0), Pass),
            // Another one within the gap.
            (alive(20, 0), Drop),
        ] {
            assert_eq!(judge(&mut rules, THIRD, claim, now), expected, "{claim:?}");
        }
        assert_eq!(judge(&mut rules, OTHER, (5, 3, State::Down), now), Pass, "it says so itself");
        assert_eq!(judge(&mut rules, [9; 16], alive(0, 0), now), Validate);
        assert_eq!(judge(&mut rules, [9; 16], (0, 0, State::Down), now), Drop);
    }

    #[test]
    fn a_member_that_is_down_is_validated_when_others_hold_it_alive() {
        let (mut rules, now) = rules();
        rules.on_state(&Member::new(identity(THIRD, 5), 3, State::Down), now);
        assert_eq!(judge(&mut rules, THIRD, (5, 9, State::Alive), now), Judgement::Validate);
        assert_eq!(judge(&mut rules, THIRD, (5, 9, State::Suspect), now), Judgement::Drop);
        assert_eq!(judge(&mut rules, THIRD, (6, 0, State::Alive), now), Judgement::Pass);
    }

    #[test]
    fn own_numbers_are_raised_once_a_unit() {
        let (mut rules, now) = rules();
        rules.own_incarnation = 3;
        assert_eq!(judge(&mut rules, OWN, (5, 2, State::Suspect), now), Judgement::Drop, "it is refuted");
        assert_eq!(judge(&mut rules, OWN, (5, 3, State::Suspect), now), Judgement::Pass);
        for claim in [(5, 3, State::Suspect), (5, 0, State::Down), (7, 0, State::Alive)] {
            assert_eq!(judge(&mut rules, OWN, claim, now + UNIT / 2), Judgement::Drop, "{claim:?}");
        }
        assert_eq!(judge(&mut rules, OWN, (7, 0, State::Alive), now + UNIT), Judgement::Exceed(7));
        assert_eq!(judge(&mut rules, OWN, (u32::MAX, 0, State::Alive), now + 2 * UNIT), Judgement::Drop);
    }

    #[test]
    fn a_suspect_that_answers_no_ask_is_down_after_its_term() {
        let (mut rules, start) = rules();
        let mut now = start;
        rules.on_state(&Member::new(identity(THIRD, 5), 3, State::Suspect), now);
        let before = start + UNIT.mul_f64(SUSPICION - 0.2);
        let (asks, verdict) = run(&mut rules, &mut now, before, Some(OTHER));
        assert!(asks >= 8 && verdict.is_none(), "{asks} asks, {verdict:?}");
        assert_eq!(run(&mut rules, &mut now, before + UNIT, Some(OTHER)).1, Some(false));
    }

    #[test]
    fn a_packet_of_a_suspect_gives_it_a_new_term() {
        let (mut rules, start) = rules();
        let mut now = start;
        rules.on_state(&Member::new(identity(THIRD, 5), 3, State::Suspect), now);
        run(&mut rules, &mut now, start + 20 * UNIT, Some(OTHER));
        rules.on_received(&THIRD, now);
        assert_eq!(run(&mut rules, &mut now, start + 45 * UNIT, Some(OTHER)).1, None);
        assert_eq!(run(&mut rules, &mut now, start + 48 * UNIT, Some(OTHER)).1, Some(false));
    }

    #[test]
    fn an_accused_member_is_cleared_by_its_answer_alone() {
        let (mut rules, start) = rules();
        let mut now = start;
        assert!(!rules.accuse(&THIRD, None, now));
        rules.on_received(&THIRD, now);
        assert!(rules.claim_to(&THIRD).is_some(), "that packet was under way before it was asked");
        run(&mut rules, &mut now, start + UNIT, Some(OTHER));
        rules.on_received(&THIRD, now);
        assert_eq!((rules.claim_to(&THIRD), rules.poll_timeout()), (None, None));

        rules.accuse(&THIRD, Some(b"goodbye"), now);
        assert_eq!(run(&mut rules, &mut now, start + 4 * UNIT, Some(OTHER)).1, Some(false));
    }

    #[test]
    fn a_second_claim_counts_when_the_member_was_asked_in_vain() {
        let (mut rules, start) = rules();
        let mut now = start;
        rules.on_state(&Member::new(identity(THIRD, 5), 3, State::Suspect), now);
        assert_eq!(judge(&mut rules, THIRD, (5, 3, State::Down), now), Judgement::Accuse);
        run(&mut rules, &mut now, start + 10 * UNIT, Some(OTHER));
        assert_eq!(judge(&mut rules, THIRD, (5, 3, State::Down), now), Judgement::Pass);
    }

    #[test]
    fn isolated_node_keeps_its_verdicts_and_probes_again_later() {
        let (mut rules, start) = rules();
        let mut now = start + 5 * UNIT;
        let suspect = Member::new(identity(THIRD, 5), 3, State::Suspect);
        rules.on_state(&suspect, now);
        assert!(rules.is_isolated(now) && rules.is_kept(&suspect));
        run(&mut rules, &mut now, start + 25 * UNIT, None);
        // The first packet after the isolation.
        rules.on_received(&OTHER, now);
        let (asks, verdict) = run(&mut rules, &mut now, start + 45 * UNIT, Some(OTHER));
        assert!(asks >= 5 && verdict.is_none(), "{asks} asks, {verdict:?}");

        let (mut rules, start) = super::tests::rules();
        let mut now = start + 5 * UNIT;
        rules.on_state(&suspect, now);
        assert_eq!(run(&mut rules, &mut now, start + 40 * UNIT, None).1, Some(true));
    }

    #[test]
    fn numbers_far_from_the_known_ones_count_after_an_echo_alone() {
        let (mut rules, now) = rules();
        assert!(rules.on_packet_of(&identity(THIRD, 900), 9, now), "the seat is new, and open");
        rules.on_state(&Member::new(identity(THIRD, 5), 3, State::Alive), now);
        assert!(rules.on_packet_of(&identity(THIRD, 5), 3, now));
        assert!(!rules.on_packet_of(&identity(THIRD, 900), 0, now));
        assert!(!rules.on_packet_of(&identity(THIRD, 5), 900, now));
        assert!(!rules.is_new(&THIRD, u64::MAX), "the number of a message as well");
        rules.seats.get_mut(&THIRD).expect("it has a seat").on_echo(9);
        assert!(rules.on_packet_of(&identity(THIRD, 900), 0, now));
        assert!(rules.is_new(&THIRD, 10) && !rules.is_new(&THIRD, 10));
    }
}
