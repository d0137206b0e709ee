//! What the notices of the protocol mean for health and the log.

use crate::health::Reason;
use crate::log::Level;
use peers_proto::Notice;

/// Returns the reason of health, and the notice in words; `None` for a kind that has neither.
pub(super) fn describe(notice: &Notice) -> Option<(Reason, String)> {
    Some(match notice {
        Notice::ListFull { from } => {
            (Reason::ListFull, format!("the list is full: the newcomer at {from} was refused"))
        }
        Notice::IdConflict { from } => {
            (Reason::IdConflict, format!("{from} sends with the instance id of this node"))
        }
        Notice::IdRenewed { from } => (
            Reason::IdConflict,
            format!(
                "{from} runs with the instance id of this node, as a clone does; this node took a new id"
            ),
        ),
        Notice::OtherCluster { from, cluster } => {
            (Reason::OtherCluster, format!("{from} is a node of another cluster, {cluster:?}"))
        }
        Notice::OtherKey { from } => {
            (Reason::OtherKey, format!("{from} is a node with another key, or one of the two nodes has none"))
        }
        Notice::OtherMode { from } => (
            Reason::OtherMode,
            format!("{from} is a node of this cluster in another mode: one of the two is a member by SWIM"),
        ),
        _ => return None,
    })
}

/// Returns the level of the log: two clusters on one network may be meant.
pub(super) fn level(reason: Reason) -> Level {
    if reason == Reason::OtherCluster { Level::Info } else { Level::Warn }
}
