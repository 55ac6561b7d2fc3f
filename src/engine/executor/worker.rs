//! A thread's work: a block's paths drawn, simulated arm by arm, recorded.

use super::merger::Recorded;
use super::{EngineError, Part, Plan, locked};
use crate::engine::catalogue::{Account, PathView};
use crate::engine::partition::{Block, unit};
use crate::engine::recorder::{BLOCK_GROUPS, NotFinite, Rows, count_cells, held_blocks};
use crate::math::wide::widely;
use crate::math::{LANES, Lanes};
use crate::model::conditions::Givens;
use crate::model::drivers::{Drivers, Scratch};
use crate::model::rules::{DatesInLanes, Regime, RuleDates};
use crate::model::step::{self, Failure, Snapshot, Workspace};
use crate::stats::sketch::Counter;

/// A thread's memory.
pub struct Worker {
    scratch: Scratch,
    /// Drivers of the paths at hand, one by one, and side by side.
    paths: Vec<Drivers>,
    drivers: Drivers<Lanes>,
    work: Workspace,
    /// By arm; of arms that share them, the first one's.
    givens: Vec<Givens>,
    accounts: Vec<Account>,
    dates: Vec<Vec<DatesInLanes>>,
    /// By arm: months shared with its trunk, and where it leaves it.
    shared: Vec<usize>,
    branches: Vec<Snapshot>,
    /// Rows not yet counted.
    rows: Rows,
    /// How many groups of them there are.
    held: usize,
    /// How many there may be.
    room: usize,
    counter: Counter,
    /// Of the block at hand.
    recorded: Recorded,
}

impl Worker {
    /// Memory for a plan that so many threads work on.
    pub fn new(plan: &Plan<'_>, threads: usize) -> Worker {
        let arms = plan.worlds.len();
        let room = BLOCK_GROUPS * held_blocks(plan.layout.cells(), plan.partition.blocks(), threads);
        let mut rows = Rows::default();
        rows.reserve(&plan.layout, room);
        Worker {
            scratch: Scratch::default(),
            paths: vec![Drivers::default(); LANES],
            drivers: Drivers::default(),
            work: Workspace::default(),
            givens: vec![Givens::default(); arms],
            accounts: vec![Account::default(); arms],
            dates: vec![Vec::new(); arms],
            shared: vec![0; arms],
            branches: vec![Snapshot::default(); arms],
            rows,
            held: 0,
            room,
            counter: Counter::default(),
            recorded: Recorded::default(),
        }
    }

    /// Simulates a block, [`LANES`] paths at a time, and records its paths.
    pub fn run(&mut self, plan: &Plan<'_>, block: &Block) -> Result<(), EngineError> {
        let n = block.paths.len();
        self.recorded.scalars.resize(plan.worlds.len() * plan.catalogue.scalars.len() * n, 0.0);
        let arm_id = |arm: usize| plan.job.arms[arm].id.clone();
        for (group, paths) in block.paths.chunks(LANES).enumerate() {
            for (path, drivers) in paths.iter().zip(&mut self.paths) {
                plan.sampler.draw(*path, &mut self.scratch, drivers);
            }
            self.drivers.gather(&self.paths[..paths.len()]);
            self.begin(plan, paths);
            for arm in 0..plan.worlds.len() {
                self.simulate(plan, arm).map_err(|failure| EngineError::Market {
                    path: paths[failure.lane.min(paths.len() - 1)],
                    arm: arm_id(arm),
                    month: plan.worlds[arm].start.plus(failure.month as i32),
                    lab: plan.worlds[arm].labs[failure.lab].id.clone(),
                    failure: Box::new(failure),
                })?;
            }
            self.record(plan, (group * LANES, paths.len(), n)).map_err(|(lane, place)| {
                let month = place.month.map(|month| plan.worlds[place.arm].start.plus(month as i32));
                EngineError::NotFinite { path: paths[lane], arm: arm_id(place.arm), month, place }
            })?;
            self.held += 1;
        }
        let groups = self.held - n.div_ceil(LANES)..self.held;
        self.recorded.moments.fill(&self.rows, groups, unit(plan.job.sampling));
        Ok(())
    }

    /// Draws the rules' dates on a few paths and finds the months that each arm shares with its trunk.
    fn begin(&mut self, plan: &Plan<'_>, paths: &[u64]) {
        let mut of_path = Vec::new();
        for (arm, world) in plan.worlds.iter().enumerate() {
            let dates = &mut self.dates[arm];
            dates.clear();
            dates.resize(world.rules.len(), [RuleDates::default(); LANES]);
            for (i, drivers) in self.paths[..paths.len()].iter().enumerate() {
                RuleDates::draw_all(world, &plan.sampler, drivers, paths[i], &mut of_path);
                for (rule, dates) in dates.iter_mut().zip(&of_path) {
                    rule[i..].fill(*dates);
                }
            }
            self.accounts[arm].begin(world, &self.drivers);
            if plan.given[arm] == arm {
                self.givens[arm].fill(world, &self.drivers);
            }
        }
        for (arm, trunk) in plan.trunks.iter().enumerate() {
            let regime = |arm: usize| Regime {
                world: &plan.worlds[arm],
                drivers: &self.drivers,
                dates: &self.dates[arm],
            };
            let both =
                regime(trunk.arm).silent_months(&trunk.theirs).min(regime(arm).silent_months(&trunk.own));
            self.shared[arm] = if trunk.arm == arm { 0 } else { both };
        }
    }

    /// Simulates an arm from where it leaves its trunk, keeps where others leave it, and enters it month by month.
    fn simulate(&mut self, plan: &Plan<'_>, arm: usize) -> Result<(), Failure> {
        let (world, trunk) = (&plan.worlds[arm], plan.trunks[arm].arm);
        let regime = Regime { world, drivers: &self.drivers, dates: &self.dates[arm] };
        let mut from = self.shared[arm];
        if from == 0 {
            self.work.begin(world);
        } else {
            self.work.resume(&self.branches[arm]);
            let [own, other] = self
                .accounts
                .get_disjoint_mut([arm, trunk])
                .unwrap_or_else(|_| unreachable!("an arm that shares months has another for its trunk"));
            own.share(other, from);
            self.rows.share(self.held, &plan.layout, (trunk, arm), from);
        }
        let (account, cells) = (&mut self.accounts[arm], self.rows.group(self.held));
        loop {
            let leaving =
                (0..self.shared.len()).filter(|&other| plan.trunks[other].arm == arm && other != arm);
            let until = leaving.map(|other| self.shared[other]).filter(|&month| month > from).min();
            let until = until.unwrap_or(world.months);
            let givens = &self.givens[plan.given[arm]];
            step::walk(
                &regime,
                givens,
                from..until,
                &mut self.work,
                #[inline(always)]
                |t, month| {
                    account.enter(&plan.catalogue, world, (t, month), &mut cells[plan.layout.month(arm, t)]);
                },
            )?;
            for (other, branch) in self.branches.iter_mut().enumerate() {
                if other != arm && plan.trunks[other].arm == arm && self.shared[other] == until {
                    self.work.save(branch);
                }
            }
            if until >= world.months {
                return Ok(());
            }
            from = until;
        }
    }

    /// Completes the rows of `count` paths from path `first` of a block of `n` on, and writes their scalars; the first path
    /// with a number that is not finite, and which, is an error.
    fn record(
        &mut self,
        plan: &Plan<'_>,
        (first, count, n): (usize, usize, usize),
    ) -> Result<(), (usize, NotFinite)> {
        self.rows.complete(self.held, count, &plan.layout, &plan.catalogue)?;
        for arm in 0..plan.worlds.len() {
            let wide = widely(
                #[inline(always)]
                || self.write_scalars(plan, arm, (first, count, n)),
            );
            let written = wide.unwrap_or_else(|| self.write_scalars(plan, arm, (first, count, n)));
            written.map_err(|(lane, s)| {
                let metric = plan.catalogue.scalars[s].0.id.clone();
                (lane, NotFinite { metric, month: None, arm })
            })?;
        }
        Ok(())
    }

    /// Writes an arm's scalars; an error is the first path on which the first bad scalar is not finite, and that scalar.
    #[inline(always)]
    fn write_scalars(
        &mut self,
        plan: &Plan<'_>,
        arm: usize,
        (first, count, n): (usize, usize, usize),
    ) -> Result<(), (usize, usize)> {
        let scalars = &plan.catalogue.scalars;
        let view = PathView {
            world: &plan.worlds[arm],
            account: &self.accounts[arm],
            baseline: &self.accounts[plan.job.baseline()],
            dates: &self.dates[arm],
            own: &plan.own_rules[arm],
        };
        for (s, (_, scalar, lab)) in scalars.iter().enumerate() {
            let value = scalar.value(&view, *lab);
            let values = &value.as_slice()[..count];
            if let Some(lane) = values.iter().position(|value| !value.is_finite()) {
                return Err((lane, s));
            }
            self.recorded.scalars[(arm * scalars.len() + s) * n + first..][..count].copy_from_slice(values);
        }
        Ok(())
    }

    /// Hands over what the block at hand came to, for memory for the next.
    pub fn hand_over(&mut self, merge: impl FnOnce(Recorded) -> Recorded) {
        self.recorded = merge(std::mem::take(&mut self.recorded));
    }

    /// Whether rows must be counted before the next block.
    pub fn is_full(&self) -> bool {
        self.held + BLOCK_GROUPS > self.room
    }

    /// Counts the rows held, part by part from the thread's own on, so that threads that count at once do not wait for one
    /// another. In whole numbers the order does not matter.
    pub fn count(&mut self, parts: &[Part<'_>], own: usize) {
        if self.held > 0 {
            for (first, sketches) in parts.iter().cycle().skip(own).take(parts.len()) {
                count_cells(&self.rows, self.held, *first, &mut locked(sketches), &mut self.counter);
            }
        }
        self.held = 0;
    }
}
