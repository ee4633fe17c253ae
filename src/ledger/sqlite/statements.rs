//! Statements prepared once per connection: a transaction of a send changes some forty rows, so
//! that compiling its statements anew would be a quarter of what it costs.

use rusqlite::{CachedStatement, Connection, Params};

/// The statements that one transaction has used, by their text.
pub(super) struct Statements<'c> {
    connection: &'c Connection,
    prepared: Vec<(&'static str, CachedStatement<'c>)>,
}

impl<'c> Statements<'c> {
    /// None yet.
    pub(super) fn new(connection: &'c Connection) -> Self {
        Self { connection, prepared: Vec::new() }
    }

    /// The statement of this text.
    pub(super) fn get(&mut self, sql: &'static str) -> rusqlite::Result<&mut CachedStatement<'c>> {
        let found = self.prepared.iter().position(|(text, _)| std::ptr::eq(*text, sql));
        let index = if let Some(index) = found {
            index
        } else {
            self.prepared.push((sql, self.connection.prepare_cached(sql)?));
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
