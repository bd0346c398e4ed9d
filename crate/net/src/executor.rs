//! Running tasks: tokio natively, the browser's event loop in a tab.

use std::future::Future;

/// Runs a task to its end. Tasks of a connection end with it, see [`crate::life`].
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn spawn(task: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(task);
}

/// Runs a task to its end. Tasks of a connection end with it, see [`crate::life`].
#[cfg(target_arch = "wasm32")]
pub(crate) fn spawn(task: impl Future<Output = ()> + Send + 'static) {
    wasm_bindgen_futures::spawn_local(task);
}

/// Whether there is something to run tasks.
pub(crate) fn is_available() -> bool {
    #[cfg(not(target_arch = "wasm32"))]
    return tokio::runtime::Handle::try_current().is_ok();
    #[cfg(target_arch = "wasm32")]
    true
}

/// Lets others run: the browser renders and handles events, other native tasks get the processor.
pub(crate) async fn yield_now() {
    #[cfg(target_arch = "wasm32")]
    futures_timer::Delay::new(std::time::Duration::ZERO).await;
    #[cfg(not(target_arch = "wasm32"))]
    tokio::task::yield_now().await;
}
