//! Whose doing is a change: what each of several edits adds to it, with sampling errors.
//!
//! Of two scenarios and the n edits between them, let T(S) be a statistic of the scenario in which the edits S are made,
//! on the same random numbers for every S. T is a game in the sense of cooperative game theory, the edits its players:
//!     φ_i = Σ over S without i of  |S|!·(n − |S| − 1)!/n! · ( T(S ∪ {i}) − T(S) )
//! is edit i's average step over all orders in which the edits could be made. The shares add up to T(all) − T(none), an edit
//! that never moves anything gets 0, edits that do the same get the same. Source: Shapley (1953), A value for n-person
//! games. It takes 2^n scenarios. Beyond [`SHAPLEY_AT_MOST`] edits each is made alone, T({i}) − T(∅), and undone alone,
//! T(all) − T(all but i); its share is the mean of the two, which is φ_i where edits interact at most in pairs, and what the
//! shares leave is stated as interaction.
//!
//! Every number is a sum of weights times T(S). Its error follows from what each path contributes to each T(S), summed
//! with the same weights path by path, so that what the paths have in common cancels before it is counted.

use std::collections::BTreeMap;

use crate::math::sqrt;
use crate::stats::estimate::{self, Estimate, Grouping};
use crate::stats::quantile::{sorted, type_7};

/// Most edits whose every subset is simulated.
pub const SHAPLEY_AT_MOST: usize = 8;

/// Numbers this far apart, relative to the largest, differ by the rounding of their sums alone.
const ROUNDING: f64 = 1e-12;

/// How a change is divided among edits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Over all orders of making the edits.
    Shapley,
    /// Each made alone and each undone alone.
    OneAtATime,
}

impl Method {
    /// As written in files.
    pub fn id(self) -> &'static str {
        match self {
            Method::Shapley => "shapley",
            Method::OneAtATime => "one_at_a_time",
        }
    }
}

/// A number made of the values of several coalitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// With no edit made.
    Before,
    /// With all made.
    After,
    /// After less before.
    Change,
    /// An edit's share of the change.
    Share(usize),
    /// What an edit does alone.
    First(usize),
    /// What it does on top of all others.
    Last(usize),
    /// What the shares leave of the change.
    Interaction,
}

/// The edits of a comparison as players.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Game {
    players: usize,
}

/// Edits made: bit i is edit i.
pub type Coalition = u64;

/// Most edits that are divided among at all.
pub const PLAYERS_AT_MOST: usize = 64;

impl Game {
    /// A game of some players. Domain: at most [`PLAYERS_AT_MOST`].
    pub fn new(players: usize) -> Game {
        assert!(players <= PLAYERS_AT_MOST, "{players} players");
        Game { players }
    }

    /// Number of players.
    pub fn players(self) -> usize {
        self.players
    }

    /// How the change is divided.
    pub fn method(self) -> Method {
        if self.players <= SHAPLEY_AT_MOST { Method::Shapley } else { Method::OneAtATime }
    }

    /// All players.
    pub fn everyone(self) -> Coalition {
        if self.players == 64 { u64::MAX } else { (1 << self.players) - 1 }
    }

    /// The coalitions to evaluate: none, everyone, then the others, each once.
    pub fn coalitions(self) -> Vec<Coalition> {
        let all = self.everyone();
        let mut list = vec![0];
        if all != 0 {
            list.push(all);
        }
        match self.method() {
            Method::Shapley => list.extend((1..all).filter(|_| all > 0)),
            Method::OneAtATime => list.extend((0..self.players).flat_map(|i| [1 << i, all & !(1 << i)])),
        }
        list
    }

    /// The numbers to make, each as coalitions with weights.
    /// Numbers that a change is divided into, levels included.
    pub fn roles(self) -> usize {
        self.sums().len()
    }

    fn sums(self) -> Vec<(Role, Vec<(Coalition, f64)>)> {
        let all = self.everyone();
        let mut sums = vec![
            (Role::Before, vec![(0, 1.0)]),
            (Role::After, vec![(all, 1.0)]),
            (Role::Change, vec![(all, 1.0), (0, -1.0)]),
        ];
        match self.method() {
            Method::Shapley => sums.extend((0..self.players).map(|i| (Role::Share(i), self.shapley(i)))),
            Method::OneAtATime => {
                let mut left = vec![(all, 1.0), (0, -1.0)];
                for i in 0..self.players {
                    let (one, others) = (1 << i, all & !(1 << i));
                    let (first, last) = ([(one, 1.0), (0, -1.0)], [(all, 1.0), (others, -1.0)]);
                    let share =
                        first.iter().chain(&last).map(|(coalition, weight)| (*coalition, weight / 2.0));
                    left.extend(share.clone().map(|(coalition, weight)| (coalition, -weight)));
                    sums.push((Role::Share(i), share.collect()));
                    sums.push((Role::First(i), first.to_vec()));
                    sums.push((Role::Last(i), last.to_vec()));
                }
                sums.push((Role::Interaction, gathered(&left)));
            }
        }
        sums
    }

    /// Weights of a player's Shapley value.
    fn shapley(self, player: usize) -> Vec<(Coalition, f64)> {
        let n = self.players;
        (0..=self.everyone())
            .map(|coalition| {
                let with = coalition >> player & 1 == 1;
                let others = coalition.count_ones() as usize - usize::from(with);
                // s!(n − s − 1)!/n! = 1/(n·C(n − 1, s))
                let weight = 1.0 / (n as f64 * binomial(n - 1, others));
                (coalition, if with { weight } else { -weight })
            })
            .collect()
    }

    /// The steps that make up a player's numbers: coalitions without it, and the same with it.
    fn steps(self, player: usize) -> Vec<(Coalition, Coalition)> {
        let bit = 1 << player;
        match self.method() {
            Method::Shapley => (0..=self.everyone()).filter(|c| c & bit == 0).map(|c| (c, c | bit)).collect(),
            Method::OneAtATime => vec![(0, bit), (self.everyone() & !bit, self.everyone())],
        }
    }
}

/// Groups of edits, each valid with any choice of the others as far as the game asks: edits that make sense only together
/// are joined. `valid` says of a set of edits whether it does; that of all edits is taken to. Edits stay in order.
pub fn joined(edits: usize, mut valid: impl FnMut(&[bool]) -> bool) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = (0..edits).map(|edit| vec![edit]).collect();
    loop {
        let game = Game::new(groups.len());
        let mut coalitions = game.coalitions();
        coalitions.sort_by_key(|coalition| coalition.count_ones());
        let everyone = game.everyone();
        let mut makes_sense = |coalition: Coalition| {
            coalition == everyone || coalition == 0 || valid(&chosen(&groups, coalition, edits))
        };
        let Some(bad) = coalitions.into_iter().find(|coalition| !makes_sense(*coalition)) else {
            return groups;
        };
        // What the least set that makes no sense needs: the least set around it that does.
        let missing: Vec<usize> = (0..groups.len()).filter(|i| bad >> i & 1 == 0).collect();
        let around = |more: &[usize]| more.iter().fold(bad, |set, i| set | 1 << i);
        let one = missing.iter().map(|i| around(&[*i]));
        let two =
            missing.iter().enumerate().flat_map(|(at, i)| missing[at + 1..].iter().map(move |j| (*i, *j)));
        let two = two.map(|(i, j)| around(&[i, j]));
        // Where more than two are missing, those that all can do without are left out one after another.
        let sound = one.chain(two).find(|set| makes_sense(*set)).unwrap_or_else(|| {
            let without = |set: Coalition, i: &usize| set & !(1 << i);
            missing
                .iter()
                .fold(everyone, |set, i| if makes_sense(without(set, i)) { without(set, i) } else { set })
        });
        let (mut together, mut rest) = (Vec::new(), Vec::new());
        for (i, group) in groups.into_iter().enumerate() {
            if sound >> i & 1 == 1 { together.extend(group) } else { rest.push(group) }
        }
        together.sort_unstable();
        rest.push(together);
        rest.sort();
        groups = rest;
    }
}

/// The edits of a coalition of groups, as a flag an edit.
pub fn chosen(groups: &[Vec<usize>], coalition: Coalition, edits: usize) -> Vec<bool> {
    let mut flags = vec![false; edits];
    for (_, group) in groups.iter().enumerate().filter(|(i, _)| coalition >> i & 1 == 1) {
        group.iter().for_each(|edit| flags[*edit] = true);
    }
    flags
}

/// Weights of the same coalition added up.
fn gathered(terms: &[(Coalition, f64)]) -> Vec<(Coalition, f64)> {
    let mut sums = BTreeMap::new();
    terms.iter().for_each(|(coalition, weight)| *sums.entry(*coalition).or_insert(0.0) += weight);
    sums.into_iter().filter(|(_, weight)| *weight != 0.0).collect()
}

/// n over k.
fn binomial(n: usize, k: usize) -> f64 {
    (0..k).fold(1.0, |product, i| product * (n - i) as f64 / (i + 1) as f64)
}

/// What is taken over paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// The mean.
    Mean,
    /// The median, Hyndman and Fan's type 7.
    Median,
}

impl Statistic {
    /// As written in files and words.
    pub fn id(self) -> &'static str {
        match self {
            Statistic::Mean => "mean",
            Statistic::Median => "median",
        }
    }

    /// The statistic over the paths that count, and what each path contributes to it beyond its value, so that the error
    /// of a sum of statistics is the error of the mean of the same sum of contributions. None where no path counts.
    ///
    /// A mean: x_i − mean. A median: (1/2 − 1{x_i ≤ median})/f, with the density f read off order statistics 1.96 binomial
    /// standard errors to either side (Woodruff 1952), as [`estimate::quantile`] does; under a replicated design the
    /// replicates' own medians. Shape: one value and one flag a path.
    pub fn of(self, values: &[f64], counts: &[bool], grouping: Grouping) -> Option<(f64, Vec<f64>)> {
        let picked: Vec<f64> =
            values.iter().zip(counts).filter(|(_, counts)| **counts).map(|(x, _)| *x).collect();
        if picked.is_empty() {
            return None;
        }
        let scale = values.len() as f64 / picked.len() as f64;
        let contributions = |of: &dyn Fn(f64) -> f64| -> Vec<f64> {
            values.iter().zip(counts).map(|(x, counts)| if *counts { scale * of(*x) } else { 0.0 }).collect()
        };
        match self {
            Statistic::Mean => {
                let mean = estimate::mean(&picked, Grouping::Independent).value;
                Some((mean, contributions(&|x| x - mean)))
            }
            Statistic::Median => {
                let ascending = sorted(&picked);
                let median = type_7(&ascending, 0.5);
                if let Grouping::Replicates(_) = grouping
                    && let Some(own) = replicated_medians(values, counts, grouping)
                {
                    let of_path = |path: usize| own[grouping.group_of(path)] - median;
                    return Some((median, (0..values.len()).map(of_path).collect()));
                }
                let half = 1.96 * sqrt(0.25 / picked.len() as f64);
                let (low, high) = ((0.5 - half).max(0.0), (0.5 + half).min(1.0));
                let slope = (type_7(&ascending, high) - type_7(&ascending, low)) / (high - low);
                Some((median, contributions(&|x| (0.5 - f64::from(u8::from(x <= median))) * slope)))
            }
        }
    }
}

/// Each replicate's median; none if one of them has no path that counts.
fn replicated_medians(values: &[f64], counts: &[bool], grouping: Grouping) -> Option<Vec<f64>> {
    let mut members = vec![Vec::new(); grouping.groups(values.len())];
    for (path, value) in values.iter().enumerate().filter(|(path, _)| counts[*path]) {
        members[grouping.group_of(path)].push(*value);
    }
    members.iter().map(|group| (!group.is_empty()).then(|| type_7(&sorted(group), 0.5))).collect()
}

/// One number of a game on its way: sums by role, path by path.
#[derive(Clone, Debug)]
pub struct Tally {
    game: Game,
    grouping: Grouping,
    statistic: Statistic,
    open: Vec<Open>,
    /// By coalition: the statistic, and a digest of what it was taken of.
    seen: BTreeMap<Coalition, (f64, u64)>,
    paths: usize,
    done: Vec<(Role, f64)>,
    lost: bool,
}

/// A sum that waits for coalitions.
#[derive(Clone, Debug)]
struct Open {
    role: Role,
    weights: Vec<(Coalition, f64)>,
    waits_for: usize,
    contributions: Vec<f64>,
}

impl Tally {
    /// Nothing seen yet.
    pub fn new(game: Game, statistic: Statistic, grouping: Grouping) -> Tally {
        let open = game.sums().into_iter().map(|(role, weights)| Open {
            role,
            waits_for: weights.len(),
            weights,
            contributions: Vec::new(),
        });
        Tally {
            game,
            grouping,
            statistic,
            open: open.collect(),
            seen: BTreeMap::new(),
            paths: 0,
            done: Vec::new(),
            lost: false,
        }
    }

    /// What is taken over paths.
    pub fn statistic(&self) -> Statistic {
        self.statistic
    }

    /// Enters a coalition's values, one a path, of the paths that count. A coalition in which none counts leaves the tally
    /// without an answer.
    pub fn enter(&mut self, coalition: Coalition, values: &[f64], counts: &[bool]) {
        let Some((value, contributions)) = self.statistic.of(values, counts, self.grouping) else {
            return self.lose();
        };
        let mut digest = Fnv::default();
        values.iter().zip(counts).for_each(|(x, counts)| digest.take(if *counts { x.to_bits() } else { 1 }));
        self.seen.insert(coalition, (value, digest.0));
        self.paths = values.len();
        for sum in &mut self.open {
            let Some((_, weight)) = sum.weights.iter().find(|(of, _)| *of == coalition) else { continue };
            if sum.contributions.is_empty() {
                sum.contributions = vec![0.0; contributions.len()];
            }
            sum.contributions.iter_mut().zip(&contributions).for_each(|(sum, x)| *sum += weight * x);
            sum.waits_for -= 1;
        }
        let (closed, open) =
            std::mem::take(&mut self.open).into_iter().partition(|sum: &Open| sum.waits_for == 0);
        self.open = open;
        for sum in closed {
            let error = estimate::mean(&sum.contributions, self.grouping).std_error;
            self.done.push((sum.role, error));
        }
    }

    /// Leaves the tally without an answer.
    pub fn lose(&mut self) {
        self.lost = true;
        self.open.clear();
    }

    /// The numbers by role; none if some coalition is missing.
    pub fn numbers(&self) -> Option<Numbers> {
        if self.lost || !self.open.is_empty() {
            return None;
        }
        let value = |coalition: Coalition| self.seen[&coalition].0;
        let size = self.seen.values().map(|(value, _)| value.abs()).fold(0.0, f64::max);
        // What is left when two sums of the same numbers are subtracted is nothing.
        let settled = |x: f64| if x.abs() <= ROUNDING * size { 0.0 } else { x };
        let step = |(without, with): (Coalition, Coalition)| settled(value(with) - value(without));
        let (n, all) = (self.game.players, self.game.everyone());
        let (before, after) = (value(0), value(all));
        // Steps rather than weighted levels, so that an edit that moves nothing gets exactly nothing.
        let share = |i: usize| -> f64 {
            self.game
                .steps(i)
                .into_iter()
                .map(|(without, with)| {
                    let weight = match self.game.method() {
                        Method::Shapley => 1.0 / (n as f64 * binomial(n - 1, without.count_ones() as usize)),
                        Method::OneAtATime => 0.5,
                    };
                    weight * step((without, with))
                })
                .sum()
        };
        let moves = |i: usize| {
            let differ = |(a, b): &(Coalition, Coalition)| self.seen[a].1 != self.seen[b].1;
            // On a single path the statistic is all there is.
            self.game.steps(i).iter().any(|pair| differ(pair) && (self.paths > 1 || step(*pair) != 0.0))
        };
        let shares: Vec<f64> = (0..n).map(share).collect();
        let mut numbers = Numbers::default();
        for (role, error) in &self.done {
            let (number, idle) = match *role {
                Role::Before => (before, false),
                Role::After => (after, false),
                Role::Change => (step((0, all)), false),
                Role::Share(i) => (shares[i], !moves(i)),
                Role::First(i) => (step((0, 1 << i)), !moves(i)),
                Role::Last(i) => (step((all & !(1 << i), all)), !moves(i)),
                Role::Interaction => (settled(after - before - shares.iter().sum::<f64>()), false),
            };
            let std_error = if idle { 0.0 } else { settled(*error) };
            numbers.0.insert(*role, Estimate { value: number, std_error });
        }
        Some(numbers)
    }
}

/// The numbers of a game by role.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Numbers(pub BTreeMap<Role, Estimate>);

impl Numbers {
    /// A number. Domain: a role the game has.
    pub fn of(&self, role: Role) -> Estimate {
        self.0[&role]
    }
}

/// The FNV-1a hash of 64-bit words, enough to tell equal columns of numbers from different ones.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Fnv {
        Fnv(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn take(&mut self, word: u64) {
        for byte in word.to_le_bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every number of a game whose value on a path is a formula of the edits made.
    fn played(
        players: usize,
        statistic: Statistic,
        paths: usize,
        value: impl Fn(Coalition, usize) -> f64,
    ) -> Numbers {
        let game = Game::new(players);
        let mut tally = Tally::new(game, statistic, Grouping::Independent);
        for coalition in game.coalitions() {
            let values: Vec<f64> = (0..paths).map(|path| value(coalition, path)).collect();
            tally.enter(coalition, &values, &vec![true; paths]);
        }
        tally.numbers().expect("every coalition was entered")
    }

    fn has(coalition: Coalition, i: usize) -> f64 {
        (coalition >> i & 1) as f64
    }

    /// A number between 0 and 1 that looks random.
    fn noise(path: usize) -> f64 {
        libm::fabs(libm::sin(path as f64 * 12.9898 + 0.1) * 43758.5453) % 1.0
    }

    #[test]
    fn a_product_is_shared_at_the_mean_of_the_other_factor() {
        // x goes from 2 to 5, y from 3 to 7: x gets 3·(3 + 7)/2 = 15, y gets 4·(2 + 5)/2 = 14.
        let numbers = played(2, Statistic::Mean, 1, |c, _| (2.0 + 3.0 * has(c, 0)) * (3.0 + 4.0 * has(c, 1)));
        assert_eq!(numbers.of(Role::Share(0)).value, 15.0);
        assert_eq!(numbers.of(Role::Share(1)).value, 14.0);
        assert_eq!(numbers.of(Role::Change).value, 29.0);
    }

    #[test]
    fn three_factors_are_shared_as_by_hand() {
        // v = xyz from (1, 1, 1) to (2, 3, 4), over its six orders.
        let numbers = played(3, Statistic::Mean, 1, |c, _| {
            (1.0 + has(c, 0)) * (1.0 + 2.0 * has(c, 1)) * (1.0 + 3.0 * has(c, 2))
        });
        // x first: 1; after y: 3; after z: 4; last: 12. Orders: 2 first, 1 after y, 1 after z, 2 last.
        assert!((numbers.of(Role::Share(0)).value - (2.0 + 3.0 + 4.0 + 24.0) / 6.0).abs() < 1e-12);
        // y: first 2, after x 4, after z 8, last 16.
        assert!((numbers.of(Role::Share(1)).value - (4.0 + 4.0 + 8.0 + 32.0) / 6.0).abs() < 1e-12);
        // z: first 3, after x 6, after y 9, last 18.
        assert!((numbers.of(Role::Share(2)).value - (6.0 + 6.0 + 9.0 + 36.0) / 6.0).abs() < 1e-12);
    }

    #[test]
    fn shares_add_up_idle_edits_get_nothing_and_equal_ones_the_same() {
        for statistic in [Statistic::Mean, Statistic::Median] {
            let numbers = played(5, statistic, 101, |c, path| {
                let level = 1.0 + noise(path);
                level * libm::exp(has(c, 0) + has(c, 1))
                    + has(c, 2) * level * level * (1.0 + has(c, 0))
                    + 0.0 * has(c, 4)
                    + has(c, 3)
            });
            let sum: f64 = (0..5).map(|i| numbers.of(Role::Share(i)).value).sum();
            let change = numbers.of(Role::Change);
            assert!((sum - change.value).abs() < 1e-12 * change.value.abs(), "{sum} {change:?}");
            assert_eq!(numbers.of(Role::Share(4)), Estimate { value: 0.0, std_error: 0.0 });
            // Edit 3 adds 1 whatever the others do, on every path: no error.
            let constant = numbers.of(Role::Share(3));
            assert!((constant.value - 1.0).abs() < 1e-12 && constant.std_error < 1e-12, "{constant:?}");
            assert!(numbers.of(Role::Share(2)).std_error > 0.0);
        }
        let numbers =
            played(2, Statistic::Mean, 11, |c, path| noise(path) * libm::exp(has(c, 0) + has(c, 1)));
        let (one, other) = (numbers.of(Role::Share(0)), numbers.of(Role::Share(1)));
        assert!((one.value - other.value).abs() < 1e-12 && (one.std_error - other.std_error).abs() < 1e-12);
    }

    #[test]
    fn beyond_eight_edits_pairs_are_shared_as_by_shapley_and_the_rest_is_stated() {
        // 9 edits: edit i adds i + 1, edits 0 and 1 add 10 together, edits 2, 3 and 4 add 6 together.
        let value = |c: Coalition, _: usize| {
            (0..9).map(|i| has(c, i) * (i + 1) as f64).sum::<f64>()
                + 10.0 * has(c, 0) * has(c, 1)
                + 6.0 * has(c, 2) * has(c, 3) * has(c, 4)
        };
        let numbers = played(9, Statistic::Mean, 2, value);
        assert_eq!(numbers.of(Role::First(0)).value, 1.0);
        assert_eq!(numbers.of(Role::Last(0)).value, 11.0);
        assert_eq!(numbers.of(Role::Share(0)).value, 6.0, "half of the ten that edits 0 and 1 make together");
        assert_eq!(numbers.of(Role::Share(8)).value, 9.0);
        // A triple's 6 is in the last step of each of its three and in no first: shares take 9 of 6.
        assert_eq!(numbers.of(Role::Interaction).value, -3.0);
        assert_eq!(numbers.of(Role::Change).value, 45.0 + 16.0);
        assert_eq!(Game::new(9).coalitions().len(), 20);
    }

    #[test]
    fn errors_are_those_of_repeated_samples() {
        // The share of an edit that doubles a normal-like value: the reported error against the spread over 200 samples.
        for statistic in [Statistic::Mean, Statistic::Median] {
            let sample = |k: usize| {
                played(2, statistic, 400, |c, path| {
                    let at = 10_000 * k + 7 * path;
                    let bell = (0..6).map(|j| noise(at + j)).sum::<f64>();
                    bell * (1.0 + has(c, 0)) + has(c, 1) * noise(at + 6) * (1.0 + has(c, 0))
                })
            };
            let all: Vec<Estimate> = (0..200).map(|k| sample(k).of(Role::Share(1))).collect();
            let mean = all.iter().map(|e| e.value).sum::<f64>() / 200.0;
            let spread = sqrt(all.iter().map(|e| (e.value - mean) * (e.value - mean)).sum::<f64>() / 199.0);
            let said = all.iter().map(|e| e.std_error).sum::<f64>() / 200.0;
            // The spread of 200 is known to 5%; the density behind a median's error adds some.
            assert!((said / spread - 1.0).abs() < 0.25, "{statistic:?}: said {said}, spread {spread}");
        }
    }

    #[test]
    fn edits_that_need_one_another_are_joined() {
        // Edit 2 needs edit 0.
        assert_eq!(joined(3, |set| !set[2] || set[0]), vec![vec![0, 2], vec![1]]);
        // 1 and 3 exclude each other's absence: only together.
        assert_eq!(joined(4, |set| set[1] == set[3]), vec![vec![0], vec![1, 3], vec![2]]);
        // Ten edits of which 9 needs 4.
        let groups = joined(10, |set| !set[9] || set[4]);
        assert_eq!(groups.len(), 9);
        assert!(groups.contains(&vec![4, 9]));
        // Nothing but everything makes sense.
        assert_eq!(joined(3, |_| false), vec![vec![0, 1, 2]]);
        // Three are missing, and the fourth can be done without.
        let sound = |set: &[bool]| !set[4] || set[0] && set[1] && set[3];
        assert_eq!(joined(5, sound), vec![vec![0, 1, 3, 4], vec![2]]);
    }
}
