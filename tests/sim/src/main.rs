//! `lampyris-sim --help` says what it does.

use std::fs;

use anyhow::{Context, Result, anyhow};
use clap::Parser;
use lampyris_sim::{Options, plot, run};

fn main() -> Result<()> {
    let options = Options::parse();
    options.validate().map_err(|error| anyhow!(error))?;
    if let Some(file) = &options.plot {
        let curves = plot::curves(&options);
        for plot::Curve { name, report } in &curves {
            println!("{name}: {}", serde_json::to_string(report)?);
        }
        let drawing = plot::draw(&curves, &options);
        return fs::write(file, drawing).with_context(|| format!("writing {}", file.display()));
    }
    let report = run(&options, true);
    if let Some(file) = &options.csv {
        fs::write(file, report.csv()).with_context(|| format!("writing {}", file.display()))?;
    }
    if options.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        println!("{}", report.table(&options));
    }
    Ok(())
}
