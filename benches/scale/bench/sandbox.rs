//! `offercast sandbox` in a process of its own, so that its costs are not the client's.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::Result;

/// A sandbox that ends with this value.
pub(super) struct RunningSandbox {
    child: Child,
    address: SocketAddr,
}

impl RunningSandbox {
    /// Starts one on a port that the system chooses. It adds a line to the log for each message.
    pub(super) fn start(binary: &Path, log: Option<&Path>) -> Result<Self> {
        // The port is free again once the listener is dropped; nobody else here wants it.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let child = Command::new(binary)
            .args(["sandbox", "--listen", &address.to_string()])
            .args(log.map(|log| ["--log".as_ref(), log.as_os_str()]).into_iter().flatten())
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let sandbox = Self { child, address };
        for _ in 0..1_000 {
            if TcpStream::connect(address).is_ok() {
                return Ok(sandbox);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Err("the sandbox does not answer".into())
    }

    /// Where it answers.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for RunningSandbox {
    fn drop(&mut self) {
        // It has nothing to lose; a failure here leaves a process that the user can see.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
