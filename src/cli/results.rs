//! What a run leaves: every file of its folder, made side by side.

use loophole::analysis::compare::Effects;
use loophole::analysis::summary::{Summary, summarise_levels};
#[cfg(feature = "chart")]
use loophole::engine::job::Job;
use loophole::engine::outcome::Outcome;
use loophole::engine::parallel;
#[cfg(feature = "parquet")]
use loophole::export::columnar;
use loophole::export::folder::{Folder, MANIFEST};
use loophole::export::{report, tables};
#[cfg(feature = "chart")]
use loophole::scenario::Scenario;

use super::compare::{Task, thread_count};

/// A piece of a folder, in the order of the folder.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Piece {
    Summaries,
    Monthly(tables::Stretch),
    Findings,
    Paths,
    #[cfg(feature = "parquet")]
    Parquet,
    /// All that is drawn and told of a figure, by its place among those that are asked for.
    #[cfg(feature = "chart")]
    Figure(usize),
}

/// Files by name.
type Files = Vec<(String, Vec<u8>)>;

/// A run, as far as its files are made of it.
#[derive(Clone, Copy)]
struct Run<'a> {
    outcome: &'a Outcome,
    levels: &'a [Vec<Summary>],
    effects: &'a [Effects],
}

impl Task {
    /// Everything that is written, the manifest last.
    pub(super) fn folder(&self, outcome: &Outcome, effects: &[Effects], threads: Option<u64>) -> Folder {
        let threads = thread_count(threads);
        let levels = summarise_levels(outcome, threads);
        let run = Run { outcome, levels: &levels, effects };
        #[cfg(feature = "chart")]
        let pictures = self.pictures(run);
        let make = |piece: &Piece| {
            let files = match *piece {
                #[cfg(feature = "chart")]
                Piece::Figure(at) => pictures.figure(at),
                piece => self.tables(run, piece),
            };
            (*piece, files)
        };
        let mut pieces = vec![Piece::Summaries, Piece::Findings];
        pieces.extend(tables::monthly_stretches(outcome).map(Piece::Monthly));
        pieces.extend(self.request.save_paths.then_some(Piece::Paths));
        #[cfg(feature = "parquet")]
        pieces.extend(self.request.save_parquet.then_some(Piece::Parquet));
        #[cfg(feature = "chart")]
        pieces.extend((0..pictures.wanted.len()).map(Piece::Figure));
        // What takes longest first, so that threads end together.
        pieces.sort_by(|a, b| b.cmp(a));
        let mut made = parallel::map(&pieces, threads, make);
        made.sort_by_key(|(piece, _)| *piece);
        let mut folder = Folder::default();
        for (piece, files) in made {
            for (name, bytes) in files {
                match piece {
                    Piece::Monthly(_) => folder.append(name, bytes),
                    _ => folder.add(name, bytes),
                }
            }
        }
        let manifest = self.manifest(outcome.count, &folder);
        folder.add(MANIFEST, manifest.to_json());
        folder
    }

    fn tables(&self, run: Run<'_>, piece: Piece) -> Files {
        let Run { outcome, levels, effects } = run;
        let file = |name: &str, text: String| (name.to_string(), text.into_bytes());
        match piece {
            Piece::Summaries => {
                let json = tables::summary_json(outcome, levels, effects);
                vec![
                    file("summary.csv", tables::summary_csv(outcome, levels, effects)),
                    file("summary.json", format!("{json:#}\n")),
                ]
            }
            Piece::Monthly(stretch) => vec![file("monthly.csv", tables::monthly_csv_of(outcome, stretch))],
            Piece::Findings => {
                vec![file("findings.md", report::findings(outcome, effects, &self.about()))]
            }
            Piece::Paths => vec![file("paths.csv", tables::paths_csv(outcome))],
            #[cfg(feature = "parquet")]
            Piece::Parquet => vec![
                ("monthly.parquet".to_string(), columnar::monthly(outcome)),
                ("paths.parquet".to_string(), columnar::paths(outcome)),
            ],
            #[cfg(feature = "chart")]
            Piece::Figure(_) => Vec::new(),
        }
    }

    /// Figures that the scenario names and `folder` has not.
    pub(super) fn undrawn(&self, folder: &Folder) -> Vec<String> {
        let asked = if cfg!(feature = "chart") { self.scenarios[0].figures() } else { None };
        let drawn = |figure: &str| {
            let table = format!("charts/{figure}.csv");
            folder.files().any(|(name, _)| name == table)
        };
        asked.into_iter().flatten().filter(|figure| !drawn(figure)).map(str::to_string).collect()
    }

    /// The headline effect in characters; empty where there is none, or no charts are built in.
    #[cfg(feature = "chart")]
    pub(super) fn picture(&self, outcome: &Outcome, effects: &[Effects]) -> String {
        let figure = gallery(&self.scenarios, &self.job, outcome, effects).figure("difference");
        figure.and_then(|figure| figure.characters()).unwrap_or_default()
    }

    #[cfg(not(feature = "chart"))]
    pub(super) fn picture(&self, _: &Outcome, _: &[Effects]) -> String {
        String::new()
    }

    #[cfg(feature = "chart")]
    fn pictures<'a>(&self, run: Run<'a>) -> Pictures<'a> {
        use loophole::chart::theme::{Size, Theme};
        let scenario = &self.scenarios[0];
        let asked = scenario.figures();
        let all = loophole::scenario::registry::FIGURES.into_iter();
        Pictures {
            gallery: gallery(&self.scenarios, &self.job, run.outcome, run.effects),
            wanted: all
                .filter(|name| asked.as_ref().is_none_or(|asked| asked.iter().any(|asked| asked == name)))
                .collect(),
            theme: if scenario.theme() == "dark" { Theme::Dark } else { Theme::Light },
            sizes: Size::ALL.into_iter().filter(|size| self.sizes().contains(&size.name())).collect(),
        }
    }
}

/// The figures that are asked for, and how they are drawn.
#[cfg(feature = "chart")]
struct Pictures<'a> {
    gallery: loophole::chart::gallery::Gallery<'a>,
    wanted: Vec<&'static str>,
    theme: loophole::chart::theme::Theme,
    sizes: Vec<loophole::chart::theme::Size>,
}

#[cfg(feature = "chart")]
impl Pictures<'_> {
    /// The files of a figure; none if the run cannot fill it.
    fn figure(&self, at: usize) -> Files {
        use loophole::chart::draw;
        use loophole::chart::theme::Size;
        let name = self.wanted[at];
        let Some(figure) = self.gallery.figure(name) else { return Vec::new() };
        let mut files = vec![
            (format!("charts/{name}.csv"), figure.csv().into_bytes()),
            (format!("charts/{name}.txt"), format!("{}\n", figure.alt).into_bytes()),
        ];
        for size in &self.sizes {
            let suffix = if *size == Size::Note { String::new() } else { format!("-{}", size.name()) };
            let svg = draw::svg(&figure, self.theme, *size);
            files.push((format!("charts/{name}{suffix}.png"), draw::png(&svg, self.theme)));
            files.push((format!("charts/{name}{suffix}.svg"), svg.into_bytes()));
        }
        files
    }
}

/// The figures of a run of one scenario or two.
#[cfg(feature = "chart")]
pub(super) fn gallery<'a>(
    scenarios: &[Scenario],
    job: &Job,
    outcome: &'a Outcome,
    effects: &'a [Effects],
) -> loophole::chart::gallery::Gallery<'a> {
    loophole::chart::gallery::Gallery {
        outcome,
        effects,
        provenance: provenance(scenarios, outcome),
        elasticity_range: report::elasticity_range(outcome, None),
        titles: titles(job),
    }
}

#[cfg(feature = "chart")]
fn provenance(scenarios: &[Scenario], outcome: &Outcome) -> loophole::chart::input::Provenance {
    use loophole::chart::input::{Dated, Provenance};
    let dated = |scenario: &Scenario| Dated {
        title: scenario.title().to_string(),
        as_of: scenario.as_of().unwrap_or_default(),
    };
    Provenance {
        scenarios: scenarios.iter().map(dated).collect(),
        paths: outcome.count as u64,
        seed: outcome.seed,
        version: env!("CARGO_PKG_VERSION").to_string(),
        sources: main_sources(scenarios),
    }
}

/// Names of the job's workloads, training first, and channels.
#[cfg(feature = "chart")]
fn titles(job: &Job) -> loophole::chart::gallery::Titles {
    use loophole::chart::gallery::{ChannelTitle, Titles};
    use loophole::engine::executor::sampler;
    use loophole::model::drivers::{Drivers, Scratch};
    use loophole::model::parameters::{Supply, WorkloadKind};
    let world = &job.arms[job.baseline()].world;
    let mut central = Drivers::default();
    sampler(job).central(&mut Scratch::default(), &mut central);
    let mut workloads: Vec<_> = world.workloads.iter().collect();
    workloads.sort_by_key(|workload| workload.kind != WorkloadKind::Training);
    Titles {
        workloads: workloads.iter().map(|workload| (workload.id.clone(), workload.title.clone())).collect(),
        channels: world
            .channels
            .iter()
            .map(|channel| ChannelTitle {
                id: channel.id.clone(),
                title: channel.title.clone(),
                origin: channel.origin.id(),
                rented: matches!(channel.supply, Supply::Rental(_)),
                on_sale: match &channel.supply {
                    Supply::Rental(rental) => central.now(rental.on_offer, 0) > 0.0,
                    Supply::Owned(owned) => central.now(owned.supply, 0) > 0.0,
                },
            })
            .collect(),
    }
}

/// Sources that the numbers of scenarios rest on, the first scenario's first.
#[cfg(feature = "chart")]
pub(super) fn main_sources<'s>(scenarios: impl IntoIterator<Item = &'s Scenario>) -> Vec<String> {
    let mut sources: Vec<String> = Vec::new();
    for source in scenarios.into_iter().flat_map(Scenario::main_sources) {
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    sources
}
