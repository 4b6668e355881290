using System.CommandLine;
using TinyForum.Data;
using TinyForum.Http;
using TinyForum.Storage;

namespace TinyForum.CommandLine;

/// <summary><c>user</c>: manages accounts, also beside a running server. This is how the first admin is made.</summary>
internal static class UserCommands
{
    private static readonly Argument<string> Name = new("NAME");

    public static Command Command() => new("user", "Accounts: roles, passwords, a list") { Role(), Password(), ResetLink(), List() };

    private static Command Role()
    {
        var role = new Argument<string>("ROLE") { Description = string.Join(", ", RoleName.All) };
        role.AcceptOnlyFromAmong([.. RoleName.All]);
        return Of(new Command("role", "Assigns a role to an account") { Name, role }, async (forum, line) =>
        {
            var account = await forum.Users
                .SetRoleAsync(Actor.System, line.GetRequiredValue(Name), RoleName.Parse(line.GetRequiredValue(role))!.Value).ConfigureAwait(false)
                ?? throw new CommandException("user does not exist");
            Terminal.Say($"{account.Username} is {RoleName.Of(account.Role)}");
        });
    }

    private static Command Password() => Of(
        new Command("password", "Sets an account's password, asked for or read from standard input, and ends its sessions and tokens") { Name },
        async (forum, line) =>
        {
            var name = line.GetRequiredValue(Name);
            var user = forum.Users.Find(name) ?? throw new CommandException("user does not exist");
            if (!await forum.Users.SetPasswordAsync(user, ReadPassword()).ConfigureAwait(false))
                throw new CommandException("this account cannot log in");
            Terminal.Say($"{name} has a new password");
        });

    private static Command ResetLink()
    {
        var command = new Command("reset-link", "Prints a link by which an account's owner sets a new password: once, within an hour") { Name };
        Setting[] address = [Settings.PublicUrl, Settings.BasePath, Settings.Listen];
        foreach (var setting in address)
            command.Options.Add(setting.Option);
        return Of(command, async (forum, line) =>
        {
            var user = forum.Users.Find(line.GetRequiredValue(Name)) ?? throw new CommandException("user does not exist");
            var link = await forum.Links.MakePasswordLinkAsync(Actor.System, user).ConfigureAwait(false);
            Console.WriteLine(new Uri(AddressOf(forum.Options), forum.Options.BasePath + link.Path));
        });
    }

    /// <summary>Where clients find the server that has these settings.</summary>
    private static Uri AddressOf(ForumOptions options) => options.PublicUrl ?? ListenAddress.Parse(options.Listen[0]).Url;

    private static Command List() => Of(new Command("list", "Lists the accounts: number, role, name"), (forum, _) =>
    {
        PagePosition? from = null;
        do
        {
            var page = forum.Users.List(limit: 1_000, from);
            foreach (var account in page.Items)
                Console.WriteLine($"{account.Id}\t{RoleName.Of(account.Role)}\t{account.Username}{(account.Suspension is null ? "" : "\tsuspended")}");
            from = page.Next;
        }
        while (from is not null);
        return Task.CompletedTask;
    });

    private static Command Of(Command command, Func<Forum, ParseResult, Task> run)
    {
        command.SetAction(async (line, _) =>
        {
            var options = Settings.Options(line);
            var database = Settings.DatabaseIn(line);
            DatabaseFile.RequireThere(database);
            ForumDatabase.RequireCurrent(database);
            await using var forum = new Forum(options);
            await run(forum, line).ConfigureAwait(false);
            return 0;
        });
        return command;
    }

    private static string ReadPassword()
    {
        if (Console.IsInputRedirected)
            return Console.ReadLine() ?? throw new CommandException("there is no password on standard input");
        var password = Ask("Password: ");
        return Ask("Once more: ") == password ? password : throw new CommandException("the passwords differ");
    }

    private static string Ask(string prompt)
    {
        Console.Write(prompt);
        var typed = new List<char>();
        while (Console.ReadKey(intercept: true) is var key && key.Key != ConsoleKey.Enter)
        {
            if (key.Key != ConsoleKey.Backspace)
                typed.Add(key.KeyChar);
            else if (typed.Count > 0)
                typed.RemoveAt(typed.Count - 1);
        }
        Console.WriteLine();
        return new string([.. typed]);
    }
}
