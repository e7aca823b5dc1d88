//! Optuna's JSON form of a distribution, both ways.
//!
//! Written as Optuna 5's `distribution_to_json` writes it, byte for byte. Read as its
//! `json_to_distribution` reads it, with the class names of Optuna 1 and 2 that it still accepts.

use serde_json::{Map, Value};

use super::{Choice, Distribution, DistributionError, python_json};

impl Distribution {
    /// Optuna's JSON form.
    ///
    /// ```
    /// use bartune_search::space::Distribution;
    /// let distribution = Distribution::Int { low: 5, high: 60, step: 1, log: false };
    /// assert_eq!(
    ///     distribution.to_json(),
    ///     r#"{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 5, "high": 60}}"#,
    /// );
    /// ```
    #[must_use]
    pub fn to_json(&self) -> String {
        let float = |value: f64| {
            let mut text = String::new();
            python_json::write_float(&mut text, value);
            text
        };
        match self {
            Self::Float { low, high, step, log } => format!(
                r#"{{"name": "FloatDistribution", "attributes": {{"step": {}, "low": {}, "high": {}, "log": {log}}}}}"#,
                step.map_or_else(|| "null".to_owned(), float),
                float(*low),
                float(*high),
            ),
            Self::Int { low, high, step, log } => format!(
                r#"{{"name": "IntDistribution", "attributes": {{"log": {log}, "step": {step}, "low": {low}, "high": {high}}}}}"#
            ),
            Self::Categorical { choices } => {
                let mut out = String::from(r#"{"name": "CategoricalDistribution", "attributes": {"choices": ["#);
                for (index, choice) in choices.iter().enumerate() {
                    out.push_str(if index == 0 { "" } else { ", " });
                    python_json::write_choice(&mut out, choice);
                }
                out + "]}}"
            }
        }
    }

    /// Optuna's abbreviated JSON form, which its `json_to_distribution` reads as it reads the long one, at
    /// less than half of its length; what is not said is Optuna's default.
    ///
    /// ```
    /// use bartune_search::space::Distribution;
    /// let distribution = Distribution::Float { low: 0.5, high: 5.0, step: None, log: false };
    /// assert_eq!(distribution.to_short_json(), r#"{"type":"float","low":0.5,"high":5.0}"#);
    /// ```
    #[must_use]
    pub fn to_short_json(&self) -> String {
        let mut out = String::with_capacity(64);
        match self {
            Self::Float { low, high, step, log } => {
                out.push_str(r#"{"type":"float","low":"#);
                python_json::write_float(&mut out, *low);
                out.push_str(r#","high":"#);
                python_json::write_float(&mut out, *high);
                if let Some(step) = step {
                    out.push_str(r#","step":"#);
                    python_json::write_float(&mut out, *step);
                }
                out.push_str(if *log { r#","log":true}"# } else { "}" });
            }
            Self::Int { low, high, step, log } => {
                out.push_str(&format!(r#"{{"type":"int","low":{low},"high":{high}"#));
                if *step != 1 {
                    out.push_str(&format!(r#","step":{step}"#));
                }
                out.push_str(if *log { r#","log":true}"# } else { "}" });
            }
            Self::Categorical { choices } => {
                out.push_str(r#"{"type":"categorical","choices":["#);
                for (index, choice) in choices.iter().enumerate() {
                    out.push_str(if index == 0 { "" } else { "," });
                    python_json::write_choice(&mut out, choice);
                }
                out.push_str("]}");
            }
        }
        out
    }

    /// The distribution that Optuna's JSON form describes, validated.
    ///
    /// # Errors
    ///
    /// [`DistributionError::Json`] where the text has another form (a number that is not finite is
    /// not JSON), and the error of [`validated`](Self::validated) where the numbers are wrong.
    pub fn from_json(text: &str) -> Result<Self, DistributionError> {
        let value: Value = serde_json::from_str(text).map_err(|error| json_error(error.to_string()))?;
        let name = value.get("name").and_then(Value::as_str);
        let name = name.ok_or_else(|| json_error("no text under \"name\"".to_owned()))?;
        let attributes = value.get("attributes").and_then(Value::as_object);
        let attributes = attributes.ok_or_else(|| json_error("no object under \"attributes\"".to_owned()))?;
        Attributes(attributes).distribution(name)?.validated()
    }
}

fn json_error(reason: String) -> DistributionError {
    DistributionError::Json { reason }
}

/// The arguments of an Optuna class.
struct Attributes<'a>(&'a Map<String, Value>);

impl Attributes<'_> {
    fn distribution(&self, class: &str) -> Result<Distribution, DistributionError> {
        let log = self.0.get("log").and_then(Value::as_bool).unwrap_or(false);
        match class {
            "FloatDistribution" => self.float(self.optional_number("step")?, log),
            "UniformDistribution" => self.float(None, false),
            "LogUniformDistribution" => self.float(None, true),
            "DiscreteUniformDistribution" => self.float(Some(self.number("q")?), false),
            "IntDistribution" => self.int(log),
            "IntUniformDistribution" => self.int(false),
            "IntLogUniformDistribution" => self.int(true),
            "CategoricalDistribution" => self.categorical(),
            other => Err(json_error(format!("unknown class \"{other}\""))),
        }
    }

    fn float(&self, step: Option<f64>, log: bool) -> Result<Distribution, DistributionError> {
        Ok(Distribution::Float { low: self.number("low")?, high: self.number("high")?, step, log })
    }

    fn int(&self, log: bool) -> Result<Distribution, DistributionError> {
        let step = if self.0.contains_key("step") { self.whole("step")? } else { 1 };
        Ok(Distribution::Int { low: self.whole("low")?, high: self.whole("high")?, step, log })
    }

    fn categorical(&self) -> Result<Distribution, DistributionError> {
        let choices = self.0.get("choices").cloned().unwrap_or(Value::Null);
        let choices: Vec<Choice> =
            serde_json::from_value(choices).map_err(|error| json_error(format!("\"choices\": {error}")))?;
        Ok(Distribution::Categorical { choices })
    }

    fn optional_number(&self, key: &str) -> Result<Option<f64>, DistributionError> {
        match self.0.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(_) => self.number(key).map(Some),
        }
    }

    fn number(&self, key: &str) -> Result<f64, DistributionError> {
        let number = self.0.get(key).and_then(Value::as_f64);
        number.ok_or_else(|| json_error(format!("no number under \"{key}\"")))
    }

    fn whole(&self, key: &str) -> Result<i64, DistributionError> {
        let whole = self.0.get(key).and_then(Value::as_i64);
        whole.ok_or_else(|| json_error(format!("no whole number under \"{key}\"")))
    }
}
