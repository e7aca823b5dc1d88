//! x
use bartune_search::sampler::tpe::*;
use bartune_search::space::Assignment;
use bartune_search::testing::space::*;
use bartune_search::testing::study::*;
use bartune_search::trial::StudyDirection;
fn main() {
    let floats = ["a", "b", "c", "d", "e", "f"].map(|name| (name, always(float(-5.0, 5.0))));
    let others = [("period", always(int(2, 200))), ("kind", always(choice(&["x", "y", "z"])))];
    let space = space(&[&floats[..], &others[..]].concat(), vec![]).unwrap();
    let multivariate =
        if std::env::args().nth(1).unwrap() == "i" { Multivariate::Independent } else { Multivariate::Joint };
    let n: u64 = std::env::args().nth(2).unwrap().parse().unwrap();
    let mut tpe = Tpe::try_new(TpeOptions { multivariate, ..TpeOptions::default() }).unwrap();
    let evaluate = |_, params: &Assignment| {
        Outcome::complete(
            params
                .keys()
                .filter_map(|name| {
                    let x = number(params, name)?;
                    let x = if name == "period" { (x - 60.0) / 20.0 } else { x };
                    Some((x - 1.0) * (x - 1.0))
                })
                .sum(),
        )
    };
    let study = Study { space: &space, direction: StudyDirection::Minimize, seed: 1, lag: 16, evaluate: &evaluate };
    study.run(&mut tpe, Vec::new(), n).unwrap();
}
