//! What a ledger consists of, in every store alike. Columns that only one store has (epochs,
//! servers) belong to a place, not to the ledger, and stay behind.

/// A table, in the order its rows were written.
#[derive(Debug)]
pub(in crate::ledger) struct Table {
    pub(in crate::ledger) name: &'static str,
    /// The column that orders the rows; the first one.
    pub(in crate::ledger) key: &'static str,
    pub(in crate::ledger) columns: &'static [(&'static str, Kind)],
}

/// What a column holds; any of them may be empty.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::ledger) enum Kind {
    Integer,
    Text,
    Blob,
}

/// One value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::ledger) enum Value {
    Null,
    Integer(i64),
    Text(String),
    Blob(Vec<u8>),
}

/// A row's values, in the order of its table's columns.
pub(in crate::ledger) type Values = Vec<Value>;

impl Table {
    /// The names of the columns, with commas.
    pub(in crate::ledger) fn list(&self) -> String {
        self.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }
}

use Kind::{Blob, Integer, Text};

/// All tables; each refers only to those before it.
pub(in crate::ledger) const TABLES: [Table; 11] = [
    Table {
        name: "meta",
        key: "id",
        columns: &[
            ("id", Integer),
            ("lineage", Text),
            ("secret", Blob),
            ("created_at", Integer),
            ("checksum", Integer),
            ("api_host", Text),
            ("sid_fingerprint", Text),
        ],
    },
    Table {
        name: "campaigns",
        key: "id",
        columns: &[("id", Integer), ("name", Text), ("code_key", Text), ("created_at", Integer)],
    },
    Table {
        name: "plans",
        key: "id",
        columns: &[
            ("id", Integer),
            ("campaign", Integer),
            ("plan_id", Text),
            ("sender", Integer),
            ("consumed_at", Integer),
            ("offer_ends_at", Integer),
            ("offer_window_ms", Integer),
            ("terms", Text),
            ("code_key", Text),
            ("approval", Text),
            ("api_host", Text),
            ("sid_fingerprint", Text),
            ("tool_version", Text),
            ("planned", Integer),
            ("checksum", Integer),
        ],
    },
    Table {
        name: "recipients",
        key: "id",
        columns: &[
            ("id", Integer),
            ("campaign", Integer),
            ("plan", Integer),
            ("state", Text),
            ("cause", Text),
            ("attempted_at", Integer),
            ("number", Integer),
            ("person", Integer),
            ("code_digest", Integer),
            ("content_hash", Blob),
            ("round", Integer),
            ("checksum", Integer),
            ("ext_id", Text),
            ("coupon_code", Text),
            ("params", Text),
            ("url_suffix", Text),
            ("header_url", Text),
            ("text_checksum", Integer),
            ("attempts", Integer),
            ("detail", Text),
            ("message_id", Text),
            ("request_id", Text),
            ("receipt", Text),
            ("offer_ends_at", Integer),
            ("accepted_at", Integer),
            ("updated_at", Integer),
        ],
    },
    Table {
        name: "marks",
        key: "serial",
        columns: &[("serial", Integer), ("mark", Text), ("made_at", Integer), ("occasion", Text)],
    },
    Table {
        name: "issued_codes",
        key: "id",
        columns: &[
            ("id", Integer),
            ("campaign", Integer),
            ("number", Integer),
            ("person", Integer),
            ("ext_id", Text),
            ("coupon_code", Text),
            ("code_digest", Integer),
            ("issued_at", Integer),
        ],
    },
    Table {
        name: "test_sends",
        key: "id",
        columns: &[
            ("id", Integer),
            ("campaign", Text),
            ("number", Integer),
            ("coupon_code", Text),
            ("content_hash", Blob),
            ("state", Text),
            ("cause", Text),
            ("detail", Text),
            ("message_id", Text),
            ("request_id", Text),
            ("sent_at", Integer),
        ],
    },
    Table {
        name: "rates",
        key: "id",
        columns: &[("id", Integer), ("plan", Integer), ("since", Integer), ("card", Text)],
    },
    Table {
        name: "stops",
        key: "id",
        columns: &[
            ("id", Integer),
            ("campaign", Integer),
            ("stopped_at", Integer),
            ("reason", Text),
            ("detail", Text),
        ],
    },
    Table {
        name: "audit",
        key: "id",
        columns: &[
            ("id", Integer),
            ("campaign", Integer),
            ("plan", Integer),
            ("number", Integer),
            ("person", Integer),
            ("attempted_at", Integer),
            ("from_state", Text),
            ("from_cause", Text),
            ("to_state", Text),
            ("reason", Text),
            ("evidence", Text),
            ("done_by", Text),
            ("done_at", Integer),
        ],
    },
    Table {
        name: "forgotten",
        key: "person",
        columns: &[("person", Integer), ("forgotten_at", Integer), ("forgotten_by", Text)],
    },
];
