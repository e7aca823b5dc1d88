//! `bartune serve`: studies in the browser, while they run.

use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::Path;

use anyhow::{Result, anyhow, bail};
use bartune::config::StudyText;

use super::study::{open_bars, storage_url};
use crate::args::ServeArgs;
use crate::exit::Exit;
use crate::output;
use crate::server::{Hosts, Known, Library, serve};

pub(crate) fn run(args: &ServeArgs) -> Result<Exit> {
    let library = library(args)?;
    let listener = listen(args.bind, args.port)?;
    let address = listener.local_addr()?;
    let hosts = Hosts::new(args.bind, &args.hosts);
    output::print(&format!("{} at http://{}/, read-only; Ctrl-C ends it\n", library.place(), shown(address)))?;
    serve(listener, library, hosts)?;
    Ok(Exit::Fine)
}

/// The store, and the study whose file is known.
fn library(args: &ServeArgs) -> Result<Library> {
    if !args.source.ends_with(".toml") {
        if !args.overrides.is_empty() {
            bail!("--set changes a study file, and `{}` is none", output::shown(&args.source));
        }
        // A store that is not there is said at once; one that goes away later is waited for.
        drop(bartune::export::open_read_only(&args.source)?);
        return Ok(Library::new(args.source.clone(), None));
    }
    let path = Path::new(&args.source);
    let text = StudyText::read(path, &args.overrides)?;
    let mut plan = text.plan()?;
    let dataset = open_bars(&mut plan, false)?;
    let known = Known { text, plan, dataset, is_judged: !args.no_validate };
    Ok(Library::new(storage_url(&args.storage, path), Some(known)))
}

fn listen(address: IpAddr, port: u16) -> Result<TcpListener> {
    let listener = TcpListener::bind((address, port)).map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            anyhow!("port {port} of {address} is taken: name another with `--port`, or 0 for any that is free")
        }
        std::io::ErrorKind::PermissionDenied => {
            anyhow!("port {port} of {address} may not be listened on: name one above 1023 with `--port`")
        }
        _ => anyhow!("cannot listen on port {port} of {address}: {error}"),
    })?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// An address that a browser can be given.
fn shown(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        ip if ip.is_unspecified() && ip.is_ipv4() => SocketAddr::from(([127, 0, 0, 1], address.port())),
        _ => address,
    }
}
