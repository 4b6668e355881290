using TinyForum.Storage;

namespace TinyForum.Data;

/// <summary>What the filters say of the fields of a text. It binds neither moderators nor the forum itself.</summary>
/// <param name="Action">What is to become of the text; <see langword="null"/> if no filter matches.</param>
/// <param name="FilterId">The filter that says so.</param>
/// <param name="Field">The field that it matches.</param>
internal sealed record FilterVerdict(FilterAction? Action, long FilterId, string Field)
{
    public static FilterVerdict None { get; } = new(null, 0, "");

    /// <summary>For what can be held. Called in the transaction of the write, so that the role counts that the writer has then.</summary>
    /// <exception cref="RefusalException">Invalid: a filter refuses the text.</exception>
    public void ThrowIfRefused(Connection connection, Actor writer)
    {
        if (Action == FilterAction.Refuse && !Permissions.IsModerator(connection, writer))
            throw Refusal();
    }

    /// <summary>Whether a filter holds the text.</summary>
    public bool Holds(Connection connection, Actor writer) => Action == FilterAction.Hold && !Permissions.IsModerator(connection, writer);

    /// <summary>For what can't be held: a filter that would hold it refuses it. Called in the transaction of the write.</summary>
    /// <exception cref="RefusalException">Invalid: a filter matches.</exception>
    public void ThrowIfMatched(Connection connection, Actor writer)
    {
        if (Action is not null && !Permissions.IsModerator(connection, writer))
            throw Refusal();
    }

    /// <summary>As above, for someone who has no account yet.</summary>
    /// <exception cref="RefusalException">Invalid: a filter matches.</exception>
    public void ThrowIfMatched()
    {
        if (Action is not null)
            throw Refusal();
    }

    private RefusalException Refusal() => RefusalException.Invalid(Field, "contains what this forum does not allow");
}
