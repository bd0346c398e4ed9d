//! The life of a connection, to which its tasks are bound.
//!
//! With the stock WebRTC crates a stream of a closed connection may stay silent for ever instead of
//! failing, so tasks are not left to notice by themselves.

use std::future::Future;

use futures::{
    FutureExt,
    channel::oneshot,
    future::{self, Either, Shared},
};

/// Ends the life when it is dropped.
#[derive(Debug)]
pub(crate) struct Guard {
    _dropped: oneshot::Sender<()>,
}

/// Resolves when its [`Guard`] was dropped.
#[derive(Clone, Debug)]
pub(crate) struct Life(Shared<oneshot::Receiver<()>>);

impl Life {
    /// A new life and what ends it.
    pub(crate) fn new() -> (Guard, Self) {
        let (sender, receiver) = oneshot::channel();
        (Guard { _dropped: sender }, Self(receiver.shared()))
    }

    /// Runs a task until its end or the life's, whichever comes first.
    pub(crate) async fn run(self, task: impl Future<Output = ()>) {
        futures::pin_mut!(task);
        match future::select(task, self.0).await {
            Either::Left(((), _)) | Either::Right(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn tasks_end_with_the_life() {
        let (guard, life) = Life::new();
        life.clone().run(async {}).await;
        let task = tokio::spawn(life.run(future::pending()));
        assert!(!task.is_finished());
        drop(guard);
        task.await.unwrap();
    }
}
