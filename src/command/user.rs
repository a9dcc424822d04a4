//! `spillway user`: the accounts of a data folder, whether its server runs or not.

use std::io::{BufRead, ErrorKind};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use spillway_impl::live::control::{self, Reply, Request};
use spillway_impl::live::front::prep;
use spillway_impl::live::{fill_random, open_accounts};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output;

/// Manage the accounts of the live system, also while it runs.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Add an account.
    Add(WithPassword),
    /// Remove an account, with its roster; what it has published stays as it is, and its number is never given again.
    Remove(Named),
    /// Give an account another password.
    Password(WithPassword),
    /// List the accounts.
    List {
        /// The data folder.
        #[arg(long, value_name = "DIR", default_value = "spillway-data")]
        data: PathBuf,
    },
}

#[derive(Debug, clap::Args)]
struct Named {
    /// The account: the part of its address before the `@`.
    name: String,
    /// The data folder.
    #[arg(long, value_name = "DIR", default_value = "spillway-data")]
    data: PathBuf,
}

#[derive(Debug, clap::Args)]
struct WithPassword {
    #[command(flatten)]
    named: Named,
    /// Read the password from standard input, one line, instead of asking for it.
    #[arg(long)]
    password_stdin: bool,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    let (data, request) = match &args.what {
        What::Add(with) => {
            let (name, credentials) = (name(&with.named.name)?, credentials(with)?);
            (&with.named.data, Request::Add { name, credentials })
        }
        What::Password(with) => {
            let (name, credentials) = (name(&with.named.name)?, credentials(with)?);
            (&with.named.data, Request::Password { name, credentials })
        }
        What::Remove(named) => (&named.data, Request::Remove { name: name(&named.name)? }),
        What::List { data } => (data, Request::List),
    };
    match ask(data, &request)? {
        Reply::Refused(why) => Err(Failure::Input(why)),
        Reply::Added { name, .. } => output::result(&format!("{name} is added\n")),
        Reply::Removed { name } => output::result(&format!("{name} is removed\n")),
        Reply::Done => output::result("done\n"),
        Reply::Accounts(names) => {
            output::result(&names.iter().map(|name| format!("{name}\n")).collect::<String>())
        }
    }?;
    Ok(Exit::Holds)
}

/// A name in its one form.
fn name(said: &str) -> Result<String, Failure> {
    prep::localpart(said).ok_or_else(|| {
        Failure::Input(format!(
            "`{said}` is no name: expected letters, digits and the like, without `@` and `/`"
        ))
    })
}

fn credentials(with: &WithPassword) -> Result<spillway_impl::live::store::Credentials, Failure> {
    let password = if with.password_stdin {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map_err(Failure::input)?;
        line.trim_end_matches(['\r', '\n']).to_owned()
    } else {
        let asked = |prompt| rpassword::prompt_password(prompt).map_err(Failure::input);
        let password = asked("Password: ")?;
        if asked("Once more: ")? != password {
            return Err(Failure::Input("the two passwords differ".to_owned()));
        }
        password
    };
    control::credentials(&password, fill_random).map_err(Failure::Input)
}

/// Asks the server, if it runs, or does it here.
fn ask(data: &Path, request: &Request) -> Result<Reply, Failure> {
    let socket = control::socket_of(data);
    let told = |error: std::io::Error| Failure::Input(format!("{}: {error}", socket.display()));
    match UnixStream::connect(&socket) {
        Ok(mut stream) => {
            control::write(request, &mut stream).map_err(told)?;
            control::read(&mut stream).map_err(told)
        }
        Err(error)
            if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) =>
        {
            let accounts = open_accounts(data).map_err(Failure::Input)?;
            Ok(control::carry_out(request, &accounts))
        }
        Err(error) => Err(told(error)),
    }
}
