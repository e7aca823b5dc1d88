use super::*;

fn normal(stream: &mut RandomStream) -> f64 {
    // Twelve uniforms: mean 6, variance 1.
    (0..12).map(|_| stream.uniform()).sum::<f64>() - 6.0
}

fn series(seed: u64, days: usize, (mean, persistence): (f64, f64)) -> Vec<f64> {
    let mut stream = RandomStream::new(seed, 0, 0);
    let mut shock = 0.0;
    (0..days)
        .map(|_| {
            shock = persistence * shock + normal(&mut stream) * 0.01;
            mean + shock
        })
        .collect()
}

#[test]
fn every_day_is_drawn_as_often_as_any_other() {
    let mut bootstrap = StationaryBootstrap::new(50, 8.0, 3);
    let (mut drawn, mut indices) = (vec![0_u32; 50], Vec::new());
    for _ in 0..2_000 {
        bootstrap.draw(&mut indices);
        assert_eq!(indices.len(), 50);
        indices.iter().for_each(|&day| drawn[day] += 1);
    }
    let (least, most) = (drawn.iter().min().copied(), drawn.iter().max().copied());
    assert!(least > Some(1_700) && most < Some(2_300), "{least:?} to {most:?}");
}

#[test]
fn blocks_have_the_mean_length_asked_for() {
    let mut bootstrap = StationaryBootstrap::new(10_000, 20.0, 1);
    let mut indices = Vec::new();
    bootstrap.draw(&mut indices);
    let breaks = indices.windows(2).filter(|pair| pair[1] != (pair[0] + 1) % 10_000).count();
    let mean = 10_000.0 / (breaks + 1) as f64;
    assert!((18.0..22.5).contains(&mean), "{mean}");
}

#[test]
fn blocks_grow_with_the_memory_of_the_series() {
    let lengths = [0.0, 0.3, 0.6, 0.9].map(|persistence| block_length(&series(7, 2_000, (0.0, persistence))));
    assert!(lengths.windows(2).all(|pair| pair[0] < pair[1]), "{lengths:?}");
    assert_eq!(block_length(&[0.0; 100]), 1.0);
    assert_eq!(block_length(&[0.1, 0.2]), 1.0);
}

#[test]
fn a_series_differs_from_itself_in_nothing() {
    let returns = series(5, 300, (0.001, 0.2));
    for interval in paired_intervals(&returns, &returns, 252.0, (200, 1)).expect("it has variance") {
        assert_eq!((interval.difference, interval.low, interval.high), (0.0, 0.0, 0.0), "{:?}", interval.ratio);
    }
}

#[test]
fn a_plain_difference_is_found() {
    let first = series(11, 1_000, (0.0, 0.0));
    let second: Vec<f64> = first.iter().zip(series(12, 1_000, (0.004, 0.0))).map(|(a, b)| 0.5 * a + 0.5 * b).collect();
    let intervals = paired_intervals(&first, &second, 252.0, (500, 1)).expect("both have variance");
    let sharpe = intervals.iter().find(|interval| interval.ratio == Ratio::Sharpe).expect("it is one of them");
    assert!(sharpe.low > 0.0 && sharpe.low < sharpe.difference && sharpe.difference < sharpe.high, "{sharpe:?}");
}

#[test]
fn equal_seeds_give_equal_intervals() {
    let (first, second) = (series(1, 200, (0.0, 0.1)), series(2, 200, (0.001, 0.1)));
    let intervals = |seed| paired_intervals(&first, &second, 252.0, (100, seed)).expect("both have variance");
    assert_eq!(intervals(4), intervals(4));
    assert_ne!(intervals(4), intervals(5));
}
