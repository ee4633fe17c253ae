//! Statements prepared once per transaction.

use rusqlite::{Connection, Params, Statement};

/// The statements that one transaction has used, by their text.
pub(super) struct Statements<'c> {
    connection: &'c Connection,
    prepared: Vec<(&'static str, Statement<'c>)>,
}

impl<'c> Statements<'c> {
    /// None yet.
    pub(super) fn new(connection: &'c Connection) -> Self {
        Self { connection, prepared: Vec::new() }
    }

    /// The statement of this text.
    pub(super) fn get(&mut self, sql: &'static str) -> rusqlite::Result<&mut Statement<'c>> {
        let found = self.prepared.iter().position(|(text, _)| std::ptr::eq(*text, sql));
        let index = if let Some(index) = found {
            index
        } else {
            self.prepared.push((sql, self.connection.prepare(sql)?));
            self.prepared.len() - 1
        };
        Ok(&mut self.prepared[index].1)
    }

    /// Runs it; returns how many rows it changed.
    pub(super) fn run(
        &mut self,
        sql: &'static str,
        params: impl Params,
    ) -> rusqlite::Result<usize> {
        self.get(sql)?.execute(params)
    }
}
