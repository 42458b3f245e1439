//! The prototypes of a preprocessed `mpi.h`.

use std::sync::LazyLock;

use regex::Regex;

/// One function of the library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prototype {
    /// `MPI_Bcast`.
    pub name: String,
    /// `int`.
    pub returns: String,
    /// In order; none for `void`.
    pub parameters: Vec<Parameter>,
}

/// One parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// As it is declared, single spaces, stars at the name: `const int recvcounts[]`.
    pub declared: String,
    /// `recvcounts`.
    pub name: String,
}

#[allow(clippy::unwrap_used, reason = "constant patterns, compiled by the tests")]
static DECLARED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:^|[;}\s])((?:extern\s+)?)(int|double|MPI_Aint)\s+(P?MPI_[A-Za-z]\w*)\s*\(([^();]*)\)\s*;")
        .unwrap()
});

#[allow(clippy::unwrap_used, reason = "a constant pattern, compiled by the tests")]
static NAME: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^(.*?)(\w+)((?:\s*\[[^\]]*\])*)$").unwrap());

/// Every function that is declared with names for its parameters and whose profiling twin is declared as well, once,
/// in the order of the header.
#[must_use]
pub fn read(header: &str) -> Vec<Prototype> {
    let text = without_attributes(header);
    let mut found: Vec<Prototype> = Vec::new();
    let mut twins = Vec::new();
    let mut rest = text.as_str();
    // Not by `captures_iter`: the end of one declaration is the beginning of the next.
    while let Some(captures) = DECLARED.captures(rest) {
        let Some(parameters) = captures.get(4).map(|text| text.as_str()) else { break };
        let (returns, name) = (captures[2].to_owned(), captures[3].to_owned());
        if let Some(twin) = name.strip_prefix('P') {
            twins.push(twin.to_owned());
        } else if let Some(parameters) = split(parameters)
            && !found.iter().any(|prototype| prototype.name == name)
        {
            found.push(Prototype { name, returns, parameters });
        }
        let end = captures.get(0).map_or(rest.len(), |all| all.end() - 1);
        rest = &rest[end..];
    }
    found.retain(|prototype| twins.contains(&prototype.name));
    found
}

fn without_attributes(header: &str) -> String {
    let mut text = String::with_capacity(header.len());
    let mut rest = header;
    while let Some(start) = rest.find("__attribute__") {
        text.push_str(&rest[..start]);
        let after = &rest[start + "__attribute__".len()..];
        let mut depth = 0_usize;
        let end = after.char_indices().find_map(|(place, letter)| {
            match letter {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ => {}
            }
            (letter == ')' && depth == 0).then_some(place + 1)
        });
        rest = &after[end.unwrap_or(after.len())..];
    }
    text.push_str(rest);
    text
}

fn split(parameters: &str) -> Option<Vec<Parameter>> {
    let parameters = parameters.split_whitespace().collect::<Vec<_>>().join(" ");
    if parameters.is_empty() || parameters == "void" {
        return Some(Vec::new());
    }
    parameters.split(',').map(parameter).collect()
}

fn parameter(text: &str) -> Option<Parameter> {
    let captures = NAME.captures(text.trim())?;
    let (kind, name, brackets) = (captures[1].trim_end(), &captures[2], captures[3].replace(' ', ""));
    // A type alone, `...`, or a name that C has taken.
    if kind.is_empty() || matches!(name, "int" | "char" | "void" | "double") {
        return None;
    }
    let kind = kind.replace(" *", "*").replace("* ", "*");
    let (kind, stars) = kind.split_at(kind.find('*').unwrap_or(kind.len()));
    Some(Parameter { declared: format!("{} {stars}{name}{brackets}", kind.trim()), name: name.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_all_kinds_are_read() {
        let header = r#"
            typedef int MPI_Op; extern int PMPI_Bcast(void *b, int c);
            int MPI_Bcast(void* buffer,
                int count, MPI_Datatype datatype) __attribute__((pointer_with_type_tag(MPI,1,3), visibility("default")));
            __attribute__((visibility("default"))) int PMPI_Group_incl(int n, const int ranks[][3]);
            __attribute__((visibility("default"))) int MPI_Group_incl(int n, const int ranks[] [3]);
            double MPI_Wtime(void); double PMPI_Wtime(void);
            int MPI_Unnamed(int, MPI_Comm); int PMPI_Unnamed(int, MPI_Comm);
            int MPI_Lonely(int a); int MPI_Pcontrol(const int level, ...); int PMPI_Pcontrol(const int level, ...);
        "#;
        let told: Vec<String> = read(header)
            .iter()
            .map(|prototype| {
                let declared: Vec<_> = prototype.parameters.iter().map(|it| it.declared.as_str()).collect();
                format!("{} {}({})", prototype.returns, prototype.name, declared.join(", "))
            })
            .collect();
        assert_eq!(
            told,
            [
                "int MPI_Bcast(void *buffer, int count, MPI_Datatype datatype)",
                "int MPI_Group_incl(int n, const int ranks[][3])",
                "double MPI_Wtime()",
            ]
        );
    }
}
