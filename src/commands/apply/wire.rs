//! Kaleyra's client behind the engine's narrow interface.

use crate::clock::Clock;
use crate::kaleyra::{Asked, Client, Form, Reply, Transport, classify, expiration_time_ms};
use crate::model::{
    HaltReason, NotSent, Offer, OfferEnd, Outcome, Rejection, ReplySignal, RequestResult,
    SharedContent,
};
use crate::send::{Request, Wire, Writing};

/// Kaleyra, as the engine speaks to it.
pub(in crate::commands) struct KaleyraWire {
    pub(in crate::commands) client: Client,
    pub(in crate::commands) shared: SharedContent,
    pub(in crate::commands) offer: Offer,
    pub(in crate::commands) clock: Clock,
}

impl Wire for KaleyraWire {
    async fn send(&self, request: Request, writing: Writing) -> RequestResult {
        let end = OfferEnd::At(request.offer_ends_at);
        let expiration = expiration_time_ms(&self.offer, end, self.clock.now());
        let form = Form::new(&self.shared, &request.message, &request.recipients, Some(expiration));
        let reply = match form {
            Ok(form) => self.client.send(form, Box::new(move || writing.starts())).await,
            // Nothing was put on the wire, and no other request of this campaign would fare
            // better.
            Err(error) => return refused(&request, &error),
        };
        self.judge(&reply, &request)
    }
}

impl KaleyraWire {
    fn judge(&self, reply: &Reply, request: &Request) -> RequestResult {
        let asked = Asked {
            recipients: &request.recipients,
            coupon_code: &request.message.coupon_code,
            now: self.clock.now(),
        };
        classify(reply, &asked)
    }
}

/// Kaleyra as a machine speaks to it that has a lease: nothing is begun once it may be over.
pub(super) struct LeasedWire {
    pub(super) wire: KaleyraWire,
    pub(super) is_held: Option<Box<dyn Fn() -> bool + Send + Sync>>,
}

impl Wire for LeasedWire {
    async fn send(&self, request: Request, writing: Writing) -> RequestResult {
        if self.is_held.as_ref().is_some_and(|is_held| !is_held()) {
            let unsent = Outcome::NotSent(NotSent::NoConnection);
            return RequestResult {
                outcomes: vec![unsent; request.recipients.len()],
                signal: ReplySignal::Halt(HaltReason::Ledger),
                detail: None,
            };
        }
        self.wire.send(request, writing).await
    }
}

fn refused(request: &Request, error: &crate::kaleyra::FormError) -> RequestResult {
    let reason = HaltReason::Payload;
    RequestResult {
        outcomes: vec![Outcome::NotSent(NotSent::Refused(reason)); request.recipients.len()],
        signal: ReplySignal::Halt(reason),
        detail: Some(Rejection { code: Rejection::REQUEST.to_owned(), text: error.to_string() }),
    }
}
