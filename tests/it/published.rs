//! Published numbers on cost, which the formulas of `economics` reproduce.
//!
//! Exact ones to 1e-12; those their authors rounded, to their printed digits.

use loophole::economics::{capital, energy, learning, rental, roofline};

fn close(found: f64, truth: f64) {
    assert!((found - truth).abs() <= 1e-12 * truth.abs(), "{found} is not {truth}");
}

fn rounded(found: f64, printed: f64, digit: f64) {
    assert!((found - printed).abs() <= 0.5 * digit, "{found} is not {printed}");
}

#[test]
fn annuities_and_present_values() {
    rounded(capital::capital_recovery_factor(0.08, 10.0), 0.149029488697, 1e-12);
    let flows = [-40_000.0, 5_000.0, 8_000.0, 12_000.0, 30_000.0];
    rounded(capital::net_present_value(0.08, &flows), 3065.222668, 1e-6);
    close(capital::net_present_value(0.0, &flows), 15_000.0);
    let rate =
        capital::internal_rate_of_return(&[-100.0, 39.0, 59.0, 55.0, 20.0]).expect("one change of sign");
    rounded(rate, 0.280948421160, 1e-12);
}

#[test]
fn a_rate_of_return_is_given_only_where_there_is_one() {
    // Late, negative and shifted payments; each rate is checked by the value it gives.
    for flows in [&[-1.0, 0.0, 0.0, 8.0][..], &[0.0, 0.0, -3.0, 1.0, 1.5], &[5.0, -1.0, -7.0], &[-1.0, 0.01]]
    {
        let rate = capital::internal_rate_of_return(flows).expect("one change of sign");
        let scale: f64 =
            flows.iter().enumerate().map(|(t, x)| x.abs() * (1.0 + rate).powi(-(t as i32))).sum();
        assert!(capital::net_present_value(rate, flows).abs() <= 1e-12 * scale, "{flows:?}: {rate}");
    }
    close(capital::internal_rate_of_return(&[-1.0, 0.0, 0.0, 8.0]).unwrap_or(0.0), 1.0);
    for flows in [&[][..], &[0.0], &[1.0, 2.0], &[-1.0, 3.0, -2.0]] {
        assert_eq!(capital::internal_rate_of_return(flows), None, "{flows:?}");
    }
}

#[test]
fn levelised_cost_by_the_fixed_charge_rate() {
    let cost = capital::levelised_cost_by_fixed_charge(
        0.08370524127594184,
        193851158.84903136,
        5193308.461904446,
        0.05,
        353982846.40552163,
    );
    close(cost, 0.11051046456766789);
}

#[test]
fn learning_power_and_interruptions() {
    // Wright's law: 20% learning over three doublings.
    close(learning::price_factor(8.0, 1.0, learning::exponent(0.2)), 0.512);
    // CloudMatrix 384 against GB200 NVL72, dense BF16.
    let ratio = energy::kw_per_pflops(559.0, 300.0) / energy::kw_per_pflops(145.0, 180.0);
    rounded(ratio, 2.3, 0.1);
    // Llama 3: 419 unexpected interruptions of 16,384 chips in 54 days.
    let hours = roofline::chip_hours_between_interruptions(16_384.0, 54.0 * 24.0, 419.0);
    rounded(hours, 50_700.0, 100.0);
}

#[test]
fn published_bills_for_rented_chips() {
    // DeepSeek-V3: 2.788 million H800-hours at 2 USD; a day of its serving on 226.75 nodes of eight.
    close(rental::monthly_bill(2.0, 0.0, 2.788e6), 5.576e6);
    close(rental::monthly_bill(2.0, 0.0, 226.75 * 8.0 * 24.0), 87_072.0);
}
