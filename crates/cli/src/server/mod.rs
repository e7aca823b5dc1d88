//! A read-only HTTP server for studies.
//!
//! | file | job |
//! |---|---|
//! | `host` | which names a request may call this server by |
//! | `library` | the store's studies as far as they have been read, and their pages |
//! | `shelf` | one study: its trials so far, its verdict |
//! | `routes` | addresses, and what answers them |
//!
//! Pages and data are made on threads that may wait for a database; a single thread answers browsers. Only GET and HEAD
//! are answered, and nothing writes to the store.
//!
//! **Invariant:** a request whose `Host` is no name of this machine is refused, so that a page of somebody else cannot read
//! studies by having its own name point here.

mod host;
mod library;
mod routes;
mod shelf;

use std::net::TcpListener;
use std::sync::Arc;

use anyhow::{Context, Result};
use tokio::sync::Notify;

pub(crate) use host::Hosts;
pub(crate) use library::{Known, Library};

/// Answer requests until Ctrl-C.
pub(crate) fn serve(listener: TcpListener, library: Library, hosts: Hosts) -> Result<()> {
    let stop = Arc::new(Notify::new());
    let told = Arc::clone(&stop);
    ctrlc::set_handler(move || told.notify_one()).context("cannot listen for Ctrl-C")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let routes = routes::routes(Arc::new(library), hosts);
    let served = runtime.block_on(async move {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let serving = std::pin::pin!(async { axum::serve(listener, routes).await });
        // Pages that listen would keep a server that ends gracefully alive.
        match futures_util::future::select(serving, std::pin::pin!(stop.notified())).await {
            futures_util::future::Either::Left((served, _)) => served,
            futures_util::future::Either::Right(_) => Ok(()),
        }
    });
    // What still reads a database reads for nobody.
    runtime.shutdown_background();
    Ok(served?)
}
