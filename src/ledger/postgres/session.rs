//! One connection to the server, spoken to by one thread that may wait.
//!
//! Statements are sent unnamed with their types, in one round trip each: nothing of them
//! stays in the session.

use std::cell::Cell;
use std::fmt;
use std::time::Duration;

use futures_util::{TryStreamExt, pin_mut};
use tokio::runtime::Runtime;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Config, NoTls, Row, Socket};

use crate::ledger::address::Place;
use crate::ledger::error::LedgerError;
use crate::ledger::store_fault::StoreFault;

use super::address::{Host, ServerAddress, Tls};
use super::fault::{Fault, ServerFault};
use super::tls;

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(10);

/// How long an answer may take, unless less is asked for. Recording a million people is many
/// answers.
const ANSWER: Duration = Duration::from_mins(1);

/// How long the network may take to acknowledge what was written.
const ACKNOWLEDGE: Duration = Duration::from_secs(30);

/// Rows read between two looks at the time.
const ROWS_BETWEEN_LOOKS: usize = 10_000;

/// A setting of our own, to see that statements reach the very session that was opened and
/// not one that a connection pooler shares out.
const PROBE: &str = "offercast.session";

/// A parameter with its type.
pub(super) type Param<'p> = (&'p (dyn ToSql + Sync), Type);

/// A `bigint`, or none.
pub(super) fn int(value: &(dyn ToSql + Sync)) -> Param<'_> {
    (value, Type::INT8)
}

/// A `text`, or none.
pub(super) fn text(value: &(dyn ToSql + Sync)) -> Param<'_> {
    (value, Type::TEXT)
}

/// A `boolean`.
pub(super) fn flag(value: &(dyn ToSql + Sync)) -> Param<'_> {
    (value, Type::BOOL)
}

/// A `bytea`.
pub(super) fn bytes(value: &(dyn ToSql + Sync)) -> Param<'_> {
    (value, Type::BYTEA)
}

/// A `bigint[]`.
pub(super) fn ints(values: &(dyn ToSql + Sync)) -> Param<'_> {
    (values, Type::INT8_ARRAY)
}

/// A `text[]`.
pub(super) fn texts(values: &(dyn ToSql + Sync)) -> Param<'_> {
    (values, Type::TEXT_ARRAY)
}

/// A connection. Used from one thread at a time, outside any asynchronous runtime.
pub(super) struct Session {
    /// Taken out when it is dropped.
    runtime: Option<Runtime>,
    client: Client,
    place: Place,
    backend: Backend,
    /// How long an answer may take.
    patience: Cell<Duration>,
    /// An answer did not come: nothing is asked on this connection any more.
    is_silent: Cell<bool>,
}

/// A connection as the server knows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Backend {
    /// The number of its process there.
    pub(super) process: i64,
    /// When it began, in microseconds: process numbers are used again.
    pub(super) since: i64,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("place", &self.place).finish_non_exhaustive()
    }
}

impl Session {
    /// Connects. Nothing is written.
    pub(super) fn open(address: &ServerAddress) -> Result<Self, LedgerError> {
        let place = Place::from(address);
        let unreachable = |fault: ServerFault| LedgerError::Unreachable {
            place: place.clone(),
            source: StoreFault::of_server(fault),
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| unreachable(ServerFault::Connection(error.to_string())))?;
        let config = config(address);
        let client = match &address.tls {
            Tls::Off => runtime.block_on(connect(&config, NoTls)),
            Tls::Verified(roots) => {
                let tls = tls::connector(roots.as_deref())
                    .map_err(|error| unreachable(ServerFault::Connection(error.to_string())))?;
                runtime.block_on(connect(&config, tls))
            }
        };
        let client = match client {
            Ok(client) => client,
            Err(Fault::Silent) => return Err(unreachable(ServerFault::Silent)),
            Err(Fault::Store(error)) => {
                // A database that is not there is a ledger that is not there.
                return Err(match Fault::Store(error).at(&place, "connect") {
                    LedgerError::Store { source, .. } => {
                        LedgerError::Unreachable { place: place.clone(), source }
                    }
                    error => error,
                });
            }
            Err(fault) => return Err(fault.at(&place, "connect")),
        };
        let mut session = Self {
            runtime: Some(runtime),
            client,
            place,
            backend: Backend::default(),
            patience: Cell::new(ANSWER),
            is_silent: Cell::new(false),
        };
        session.expect_own().map_err(|fault| fault.at(&session.place, "open it"))?;
        Ok(session)
    }

    /// From now on an answer may take so long, and so long the server lets a transaction wait
    /// for its next statement: nobody else is to wait longer for one who is gone.
    pub(super) fn hurry(&self, patience: Duration) -> Result<(), Fault> {
        self.patience.set(patience);
        let millis = patience.as_millis();
        self.batch(&format!("SET idle_in_transaction_session_timeout = {millis}"))
    }

    /// This connection, as the server knows it.
    pub(super) fn backend(&self) -> Backend {
        self.backend
    }

    /// The ledger, as messages name it.
    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// Runs statements without parameters.
    pub(super) fn batch(&self, sql: &str) -> Result<(), Fault> {
        self.wait(self.client.batch_execute(sql))
    }

    /// Runs a statement; returns how many rows it changed.
    pub(super) fn run(&self, sql: &str, params: &[Param<'_>]) -> Result<u64, Fault> {
        let params = params.iter().map(|(value, kind)| (*value, kind.clone()));
        self.wait(async {
            let rows = self.client.query_typed_raw(sql, params).await?;
            pin_mut!(rows);
            while rows.try_next().await?.is_some() {}
            Ok(rows.rows_affected().unwrap_or_default())
        })
    }

    /// The rows of a statement that has few.
    pub(super) fn rows(&self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>, Fault> {
        self.wait(self.client.query_typed(sql, params))
    }

    /// The row of a statement that has at most one.
    pub(super) fn row(&self, sql: &str, params: &[Param<'_>]) -> Result<Option<Row>, Fault> {
        Ok(self.rows(sql, params)?.pop())
    }

    /// Visits the rows of a statement as they come. The visitor must not use the session.
    pub(super) fn each(
        &self,
        sql: &str,
        params: &[Param<'_>],
        visit: &mut dyn FnMut(&Row) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let params = params.iter().map(|(value, kind)| (*value, kind.clone()));
        let rows = self.wait(self.client.query_typed_raw(sql, params))?;
        pin_mut!(rows);
        let mut chunk = Vec::with_capacity(ROWS_BETWEEN_LOOKS);
        loop {
            self.wait(async {
                while chunk.len() < ROWS_BETWEEN_LOOKS
                    && let Some(row) = rows.try_next().await?
                {
                    chunk.push(row);
                }
                Ok(())
            })?;
            let is_last = chunk.len() < ROWS_BETWEEN_LOOKS;
            for row in chunk.drain(..) {
                visit(&row)?;
            }
            if is_last {
                return Ok(());
            }
        }
    }

    /// Writes rows with `COPY … FROM STDIN BINARY`; returns how many.
    pub(super) fn copy<'r, R>(
        &self,
        sql: &str,
        types: &[Type],
        rows: impl IntoIterator<Item = R>,
    ) -> Result<u64, Fault>
    where
        R: IntoIterator<Item = &'r (dyn ToSql + Sync), IntoIter: ExactSizeIterator>,
    {
        self.wait(async {
            let sink = self.client.copy_in(sql).await?;
            let writer = BinaryCopyInWriter::new(sink, types);
            pin_mut!(writer);
            for row in rows {
                writer.as_mut().write_raw(row).await?;
            }
            writer.finish().await
        })
    }

    fn wait<T>(
        &self,
        answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, Fault> {
        if self.is_silent.get() {
            return Err(Fault::Silent);
        }
        let runtime = self.runtime.as_ref().expect("it is there until the session is dropped");
        let patience = self.patience.get();
        let answer = runtime.block_on(async { tokio::time::timeout(patience, answer).await });
        if let Ok(answer) = answer {
            return Ok(answer?);
        }
        self.is_silent.set(true);
        Err(Fault::Silent)
    }

    /// Refuses a connection pooler in between: what is set here must be found here, as the
    /// lock must.
    fn expect_own(&mut self) -> Result<(), Fault> {
        let found = self.row(FIND_PROBE, &[text(&PROBE)])?;
        let found = found.expect("a SELECT without FROM has one row");
        if found.get::<_, Option<&str>>(0) == Some("on") {
            self.backend = Backend { process: found.get(1), since: found.get(2) };
            return Ok(());
        }
        Err(LedgerError::Pooled { place: self.place.clone() }.into())
    }
}

/// [`Backend::since`] in `pg_stat_activity`.
macro_rules! since {
    () => {
        "coalesce((extract(epoch FROM backend_start) * 1000000)::bigint, 0)"
    };
}
pub(super) use since;

const FIND_PROBE: &str = concat!(
    "SELECT current_setting($1, true), pg_backend_pid()::bigint, coalesce((SELECT ",
    since!(),
    " FROM pg_stat_activity WHERE pid = pg_backend_pid()), 0)"
);

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Waiting for it is forbidden where the engine is left by force.
            runtime.shutdown_background();
        }
    }
}

fn config(address: &ServerAddress) -> Config {
    let mut config = Config::new();
    match &address.host {
        Host::Network(host) => config.host(host),
        Host::Socket(folder) => config.host_path(folder),
    };
    config
        .port(address.port)
        .user(&address.user)
        .dbname(&address.database)
        .application_name("offercast")
        .options(format!("-c {PROBE}=on"))
        .connect_timeout(CONNECT)
        .tcp_user_timeout(ACKNOWLEDGE)
        .keepalives_idle(ACKNOWLEDGE)
        .ssl_mode(if address.tls == Tls::Off { SslMode::Disable } else { SslMode::Require });
    if let Some(password) = address.password() {
        config.password(password);
    }
    config
}

async fn connect<T>(config: &Config, tls: T) -> Result<Client, Fault>
where
    T: MakeTlsConnect<Socket>,
    T::Stream: Send + 'static,
    T::TlsConnect: Send,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    let connected = tokio::time::timeout(CONNECT, config.connect(tls)).await;
    let (client, connection) = connected.map_err(|_| Fault::Silent)??;
    // Its end is noticed by whoever waits for an answer.
    tokio::spawn(async move { drop(connection.await) });
    Ok(client)
}
