using System.CommandLine;
using TinyForum.Data;

namespace TinyForum.CommandLine;

/// <summary><c>user</c>: accounts by hand, beside a running server. Here the first admin is made.</summary>
internal static class UserCommands
{
    private static readonly Argument<string> Name = new("NAME");

    public static Command Command() => new("user", "Accounts: roles, passwords, a list") { Role(), Password(), List() };

    private static Command Role()
    {
        var role = new Argument<string>("ROLE") { Description = "member, moderator or admin" };
        role.AcceptOnlyFromAmong("member", "moderator", "admin");
        return Of(new Command("role", "Gives an account a role") { Name, role }, async (forum, line) =>
        {
            var account = await forum.Users.SetRoleAsync(line.GetRequiredValue(Name), SessionTable.ParseRole(line.GetRequiredValue(role))).ConfigureAwait(false)
                ?? throw new StartException("user does not exist");
            Console.WriteLine($"{account.Username} is {UserStore.NameOf(account.Role)}");
        });
    }

    private static Command Password() => Of(
        new Command("password", "Gives an account a password, asked for or read from a line of standard input, and ends its sessions and tokens") { Name },
        async (forum, line) =>
        {
            var name = line.GetRequiredValue(Name);
            if (forum.Users.Find(name) is null)
                throw new StartException("user does not exist");
            if (!await forum.Users.SetPasswordAsync(name, ReadPassword()).ConfigureAwait(false))
                throw new StartException("this account cannot log in");
            Console.WriteLine($"{name} has a new password");
        });

    private static Command List() => Of(new Command("list", "Lists the accounts: number, role, name"), (forum, _) =>
    {
        var after = 1L;
        while (forum.Users.List(after) is { Count: > 0 } page)
        {
            foreach (var account in page)
                Console.WriteLine($"{account.Id}\t{UserStore.NameOf(account.Role)}\t{account.Username}{(account.Suspension is null ? "" : "\tsuspended")}");
            after = page[^1].Id;
        }
        return Task.CompletedTask;
    });

    private static Command Of(Command command, Func<Forum, ParseResult, Task> run)
    {
        command.SetAction(async (line, _) =>
        {
            var options = Settings.Options(line);
            MaintenanceCommands.RequireThere(options.Database!);
            await using var forum = new Forum(options);
            await run(forum, line).ConfigureAwait(false);
            return 0;
        });
        return command;
    }

    private static string ReadPassword()
    {
        if (Console.IsInputRedirected)
            return Console.ReadLine() ?? throw new StartException("there is no password on standard input");
        var password = Ask("Password: ");
        return Ask("Once more: ") == password ? password : throw new StartException("those were two passwords");
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
