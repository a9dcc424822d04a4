//! What clients do beside asking: repeating, giving up, moving, leaving. "Sessions, and requests that are given up" in
//! PROTOCOL.md.

use spillway_traces::{Action, Node, RequestId};

use super::World;
use super::driver::Driver;
use crate::node::{Command, Input};

impl World {
    /// A client sends a request again that it waits for.
    pub fn retry(&mut self, client: Node, request: RequestId, driver: &mut impl Driver) {
        driver.step(Action::Retry { client, request });
        self.give(client, Input::Command(Command::Retry(request)), driver);
    }

    /// A client gives a request up that it waits for.
    pub fn cancel(&mut self, client: Node, request: RequestId, driver: &mut impl Driver) {
        driver.step(Action::Cancel { client, request });
        self.give(client, Input::Command(Command::Cancel(request)), driver);
    }

    /// A client ends its session and begins one with another communication server.
    ///
    /// # Panics
    /// It has none; so does leaving.
    pub fn move_to(&mut self, client: Node, to: Node, driver: &mut impl Driver) {
        self.at_once(driver, |world, driver| {
            driver.step(Action::Move { client, to });
            world.end_session(client, Some(to.index), driver);
            world.give(client, Input::Command(Command::Move { to }), driver);
        });
    }

    /// A client ends its session for good.
    pub fn leave(&mut self, client: Node, driver: &mut impl Driver) {
        self.at_once(driver, |world, driver| {
            driver.step(Action::Leave { client });
            world.end_session(client, None, driver);
            world.give(client, Input::Command(Command::Leave), driver);
        });
    }

    /// The connection is closed, and both ends know at once, whatever state the link is in.
    fn end_session(&mut self, client: Node, next: Option<u16>, driver: &mut impl Driver) {
        let server = self.links.session(client.index).expect("who ends a session has one");
        self.empty_both(client, server, driver);
        self.links.set_session(client.index, next);
        if !self.links.is_down(server) {
            self.give(server, Input::Closed { client }, driver);
        }
    }
}
