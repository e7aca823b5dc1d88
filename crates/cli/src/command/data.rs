//! `bartune data`: describe, make and convert bar files.

use anyhow::{Context, Result};
use bartune::config;
use bartune::engine::bars::{self, Hours, LoadOptions, OnError, Stamp, SynthOptions, parse_timeframe};

use crate::args::{ConvertArgs, DataCommand, InfoArgs, LoadArgs, SynthArgs};
use crate::exit::Exit;
use crate::output;

pub(crate) fn run(command: &DataCommand) -> Result<Exit> {
    match command {
        DataCommand::Info(args) => info(args),
        DataCommand::Synth(args) => synth(args),
        DataCommand::Convert(args) => convert(args),
    }
}

fn info(args: &InfoArgs) -> Result<Exit> {
    let loaded = bars::load(&args.file, &load_options(&args.load, None)?).map_err(bartune::Error::from)?;
    let info = bars::describe(&loaded);
    if args.json {
        output::print_json(&serde_json::to_value(&info)?)?;
    } else {
        output::print(&output::data_info(&info))?;
    }
    Ok(Exit::Fine)
}

fn synth(args: &SynthArgs) -> Result<Exit> {
    let options = SynthOptions {
        bars: args.bars,
        timeframe_ns: parse_timeframe(&args.timeframe).map_err(bartune::Error::from)?,
        seed: args.seed,
        hours: args
            .session
            .as_deref()
            .map_or(Ok(Hours::AllDay), config::parse_hours)
            .map_err(bartune::Error::Params)?,
        timezone: config::parse_timezone(&args.timezone).map_err(bartune::Error::Params)?,
        ..SynthOptions::default()
    };
    let bars = bars::synth(&options).map_err(bartune::Error::from)?;
    bars::write(&args.file, &bars).map_err(bartune::Error::from)?;
    output::tell(&format!("{} bars written to {}", bars.len(), args.file.display()));
    Ok(Exit::Fine)
}

fn convert(args: &ConvertArgs) -> Result<Exit> {
    let timeframe = args.timeframe.as_deref().map(parse_timeframe).transpose().map_err(bartune::Error::from)?;
    let loaded = bars::load(&args.from, &load_options(&args.load, timeframe)?).map_err(bartune::Error::from)?;
    for note in bartune::data::notes(&loaded) {
        output::tell(&format!("note: {note}"));
    }
    bars::write(&args.to, &loaded.bars)
        .map_err(bartune::Error::from)
        .with_context(|| format!("converting {}", args.from.display()))?;
    output::tell(&format!("{} bars written to {}", loaded.bars.len(), args.to.display()));
    Ok(Exit::Fine)
}

fn load_options(args: &LoadArgs, timeframe_ns: Option<i64>) -> Result<LoadOptions> {
    Ok(LoadOptions {
        timezone: config::parse_timezone(&args.timezone).map_err(bartune::Error::Params)?,
        stamp: if args.stamped_at_close { Stamp::Close } else { Stamp::Open },
        on_error: if args.repair { OnError::Repair } else { OnError::Refuse },
        allow_nonpositive: args.allow_nonpositive,
        timeframe_ns,
        ..LoadOptions::default()
    })
}
