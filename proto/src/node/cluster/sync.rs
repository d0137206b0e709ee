//! How a member compares its list with that of another one, by [`AntiEntropy`](crate::swim::AntiEntropy), and takes over what
//! differs.

use crate::node::Node;
use crate::node::receive::Inbound;
use crate::swim::{Answer, Step, SyncPage, digest_of};
use crate::wire::{self, ClusterKind, Content, InstanceId, Kind, MAX_MESSAGE, Message};

impl Node {
    /// Compares lists with another member, or continues to, if that is due.
    pub(super) fn sync(&mut self) {
        let Some(membership) = &mut self.membership else { return };
        let step = membership.sync.take_due(&membership.swim, self.now, &mut self.rng);
        self.send_sync(step);
    }

    fn send_sync(&mut self, step: Option<Step>) {
        let Some(Step { partner, after }) = step else { return };
        let Some(path) = self.path_of_member(&partner) else { return };
        let ask = match after {
            None => {
                let digest = Content::Digest(self.digest());
                self.seal(ClusterKind::Ask, digest, 0, Some(&partner), path.address)
            }
            Some(after) => {
                // As long as any answer.
                let page = self.page(after, &[], MAX_MESSAGE);
                if let Some(membership) = &mut self.membership {
                    membership.sync.set_own_end(page.end);
                }
                let page = Content::Page(after, &page.bytes);
                self.seal(ClusterKind::Ask, page, MAX_MESSAGE, Some(&partner), path.address)
            }
        };
        self.outbox.repeat([ask]);
    }

    pub(super) fn answer_sync(&mut self, from: InstanceId, content: Content<'_>, inbound: Inbound) {
        let page;
        let answer = match content {
            Content::Page(after, entries) => {
                self.merge(from, entries, inbound);
                page = self.page(after, entries, inbound.len);
                Content::Page(after, &page.bytes)
            }
            _ => Content::Digest(self.digest()),
        };
        let tell = self.seal(ClusterKind::Tell, answer, 0, Some(&from), inbound.path.address);
        self.outbox.repeat([tell]);
    }

    pub(super) fn on_sync_answer(&mut self, from: InstanceId, content: Content<'_>, inbound: Inbound) {
        let answer = match content {
            Content::Page(after, entries) => {
                let end = self.merge(from, entries, inbound);
                Answer::Page { after, end }
            }
            Content::Digest(digest) if digest == self.digest() => Answer::Same,
            _ => Answer::Differs,
        };
        let Some(membership) = &mut self.membership else { return };
        let step = membership.sync.handle_answer(from, answer, &membership.swim, self.now, &mut self.rng);
        self.send_sync(step);
    }

    /// Takes over the entries of another member's list. Returns the id of the last one.
    fn merge(&mut self, from: InstanceId, entries: &[u8], inbound: Inbound) -> Option<InstanceId> {
        let mut end = None;
        for (member, record) in SyncPage::read(entries, from, inbound.path.address) {
            let about = match wire::decode(record) {
                Ok(Message::Native(Kind::Announce, about)) if about.id == member.id => Some(about),
                _ if record.is_empty() => None,
                _ => continue,
            };
            if let Some(about) = &about {
                end = Some(about.id);
                if self.on_passed_on_record(about)
                    && let Some(membership) = &mut self.membership
                {
                    membership.sync.on_learned();
                }
            }
            if about.is_some_and(|about| self.registry.peers().is_stale(&about, self.now)) {
                continue;
            }
            if let Some(membership) = &mut self.membership
                && membership.swim.handle_claim(member, about.is_none(), &from, probe_len(record), self.now)
            {
                membership.sync.on_learned();
            }
        }
        self.apply_swim_changes();
        end
    }

    /// Returns the entries that follow an id, as many as fit into a message of `len` bytes. Before them come those of
    /// `listed`, the other member's entries, that are no longer members.
    fn page(&self, after: InstanceId, listed: &[u8], len: usize) -> SyncPage {
        let bytes_free = wire::max_page_len(&self.settings.cluster, len);
        let mut entries = SyncPage::new(bytes_free);
        let Some(membership) = &self.membership else { return entries };
        for id in SyncPage::ids(listed) {
            if let Some(former) = membership.swim.former(&id) {
                entries.push(&former, &[]);
            }
        }
        entries.end = None;
        for member in membership.swim.all_after(after) {
            let is_own = member.id == self.settings.id;
            let has_room = match is_own {
                true => membership.own.is_empty() || entries.push(&member, &membership.own),
                false => self.registry.peers().announcement_of(&member.id).is_none_or(|about| {
                    entries.push(&member, &wire::encode_within(Kind::Announce, &about, 0..=MAX_MESSAGE))
                }),
            };
            if !has_room {
                return entries;
            }
        }
        entries.end = None;
        entries
    }

    /// Returns a digest by which two lists are compared.
    fn digest(&self) -> u64 {
        let own = digest_of(&self.settings.id, self.settings.port, &self.settings.value);
        self.registry
            .peers()
            .announcements()
            .fold(own, |digest, about| digest ^ digest_of(&about.id, about.port, about.value))
    }
}

/// Returns the length of the probe that the longest announce with this record answers.
fn probe_len(record: &[u8]) -> usize {
    match wire::decode(record) {
        Ok(Message::Native(_, about)) => wire::max_announce_len(&about),
        _ => 0,
    }
}
