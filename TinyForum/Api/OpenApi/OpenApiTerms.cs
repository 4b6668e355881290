using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using TinyForum.Data;
using TinyForum.Text;

namespace TinyForum.Api.OpenApi;

/// <summary>
/// What the OpenAPI document says about names: members of request and answer bodies, parameters, headers, callers. A member is looked up
/// with its type first, as <c>MessageDraft.body</c>, then by its own name. The limits of texts are those that the stores check.
/// </summary>
internal static class OpenApiTerms
{
    private static readonly Dictionary<string, Term> Members = new(StringComparer.Ordinal)
    {
        ["action"] = new("What was done.", "lock"),
        ["RegistrationRequest.application"] = Text(TextRule.Application, "I build model railways."),
        ["RegistrationRequest.invitation"] = new("The `token` of an invitation.", "c2VjcmV0", Length(1, InvitationStore.MaxSecret)),
        ["ApplicationSent.message"] = new("What it waits for.", "the application waits for a moderator"),
        ["ApplicationView.text"] = new("What they say of themselves.", "I build model railways."),
        ["NewInvitation.expires_in_days"] = new("How many days it may be used in.", InvitationStore.DefaultDays, Whole(1, InvitationStore.MaxDays)),
        ["InvitationView.url"] = new("Where somebody registers with it; shown only once.", "https://forum.example/register?invitation=c2VjcmV0"),
        ["HeldView.cause"] = Choice("Why it waits: its author is new, or a filter holds it.", "new", "filter"),
        ["HeldView.reason"] = new("Why it was declined, if that was said.", "It is an advertisement."),
        ["NewSpamAnswer.accounts"] = new("How many accounts were marked.", 12, Whole(0)),
        ["registered_since"] = new("Only accounts that were registered then or later.", "2026-01-31T09:30:00Z", new JsonObject { ["format"] = "date-time" }),
        ["SuspensionRequest.invited"] = new("Whether also the members whom the account has invited, whom they have, and so on.", true),
        ["registration"] = Choice("Who may register.", [.. RegistrationName.All]),
        ["limit_new_accounts"] = new("Whether there are limits to what new accounts may do.", true),
        ["hold_first_posts"] = Policy("hold_first_posts", "How many posts of an account a moderator has to accept first."),
        ["new_account_hours"] = Policy("new_account_hours", "For how many hours an account is new."),
        ["new_account_posts"] = Policy("new_account_posts", "With fewer posts than these an account is new."),
        ["new_account_links"] = Policy("new_account_links", "How many links a post of a new account may have."),
        ["new_account_mentions"] = Policy("new_account_mentions", "How many mentions a post of a new account may have."),
        ["new_account_daily_threads"] = Policy("new_account_daily_threads", "How many threads a new account may begin in a day."),
        ["new_account_daily_posts"] = Policy("new_account_daily_posts", "How many posts a new account may write in a day."),
        ["new_account_messages"] = new("Whether a new account may write private messages to users who have not written to it.", false),
        ["invite_after_days"] = Policy("invite_after_days", "After how many days a member may invite others."),
        ["bio"] = Text(TextRule.Bio, "Likes trains."),
        ["body"] = Text(TextRule.PostBody, "Hello, everybody!"),
        ["current"] = Text(TextRule.Password, "correct horse"),
        ["display_name"] = Text(TextRule.DisplayName, "Lin"),
        ["excerpt"] = new("The part of the text with the words.", "Hello, everybody!"),
        ["expires_in_days"] = new("Its lifetime in days; without it, it does not expire.", 90, Whole(1, TokenStore.MaxDays)),
        ["export"] = new("Everything stored about the caller.", new JsonObject()),
        ["id"] = new("Its number.", 2, Whole(0)),
        ["ip"] = new("The address it was used from.", "203.0.113.7"),
        ["key"] = new("What the link has as its `key`.", "c2VjcmV0", Length(1, 64)),
        ["kind"] = new("What happened.", "reply"),
        ["MessageDraft.body"] = Text(TextRule.MessageBody, "Shall we meet?"),
        ["name"] = Text(TextRule.TokenName, "backup script"),
        ["new"] = Text(TextRule.Password, "battery staple"),
        ["next"] = new("The `cursor` of the next page; absent on the last one.", "AAECAwQFBgcICQoL"),
        ["EventsAnswer.next"] = new("The `after` of the next page; absent on the last one.", 1042, Whole(1)),
        ["EventView.number"] = new("Its number: one more than that of the event before.", 1042, Whole(1)),
        ["newest"] = new("The number of the newest event.", 1042, Whole(0)),
        ["oldest"] = new("The number of the oldest event that is kept.", 1, Whole(1)),
        ["number"] = new("0 is the thread's first post, replies count up from 1.", 1, Whole(0)),
        ["partial"] = new("Only if so: the search ran out of time, and these are the best of what it had found.", true),
        ["password"] = Text(TextRule.Password, "correct horse"),
        ["reason"] = Text(TextRule.Reason, "It is an advertisement."),
        ["reply_to"] = new("The id of the post that it replies to.", 7, Whole(1)),
        ["resolution"] = Text(TextRule.Reason, "Deleted the post."),
        ["role"] = Choice("What the account may do besides writing.", [.. RoleName.All]),
        ["scope"] = Choice("What the token may be used for.", ScopeName.Read, ScopeName.Write),
        ["subject"] = Text(TextRule.Subject, "Lunch"),
        ["tags"] = new($"Letters, digits and `-`, each 1 to {Tag.MaxLength} characters.",
            new JsonArray("trains"), new JsonObject { ["maxItems"] = PostText.MaxTags }),
        ["thread"] = new("The id of the thread's first post.", 7),
        ["title"] = Text(TextRule.Title, "Hello"),
        ["to"] = new("The recipient's username.", "wei", Length(1, Username.MaxLength)),
        ["token"] = new("The token itself, shown only once.", "c2VjcmV0"),
        ["until"] = new("When it ends; without it, a moderator has to lift it.", "2099-12-31T12:00:00.000Z", new JsonObject { ["format"] = "date-time" }),
        ["html"] = new("The text as HTML that is safe to show; only if it was asked for.", "<p>Hello</p>\n"),
        ["event"] = new("The event's number; absent for a test.", 1042, Whole(1)),
        ["kinds"] = new("Kinds of events, as `GET /api/events` has them; none for all that a webhook may be told.", new JsonArray("thread.created")),
        ["message_id"] = new("The `webhook-id` at every try.", "msg_kLr8Xc0vT3mJ5bQe2nYwZA"),
        ["rotate_secret"] = new("Whether to make a new secret. For a day the old one signs too.", true),
        ["secret"] = new("What signs the messages, shown only once.", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="),
        ["status_code"] = new("The HTTP status of the last answer.", 204, Whole(100, 999)),
        ["tries"] = new("How often it was tried.", 1, Whole(0)),
        ["url"] = new("Where messages are sent: http or https, without user name and fragment.", "https://hooks.example/forum", Length(1, WebhookStore.MaxUrl)),
        ["LinkView.url"] = new("The link: whoever opens it sets the password.", "https://forum.example/password-reset?key=c2VjcmV0"),
        ["WebhookChange.state"] = Choice("Whether messages are sent.", WebhookState.On, WebhookState.Off),
        ["FilterMatchView.action"] = FilterActions,
        ["FilterMatchView.id"] = OfFilter,
        ["FilterMatchView.kind"] = FilterKinds,
        ["FilterTest.kind"] = FilterKinds,
        ["FilterView.action"] = FilterActions,
        ["FilterView.kind"] = FilterKinds,
        ["NewFilter.action"] = FilterActions,
        ["NewFilter.kind"] = FilterKinds,
        ["part"] = new($"The part of the text that matches, at most {FilterTrial.MaxPart} characters.", "casino.example"),
        ["pattern"] = new("A regular expression, or the name of a host.", "casino.example", Length(TextRule.Pattern.Min, TextRule.Pattern.Max)),
        ["text"] = Text(TextRule.PostBody, "Hello, everybody!"),
        ["UnfinishedFilterView.action"] = FilterActions,
        ["UnfinishedFilterView.id"] = OfFilter,
        ["UnfinishedFilterView.kind"] = FilterKinds,
        ["user_agent"] = new("What the client calls itself.", "curl/8.5.0"),
        ["username"] = new(
            "Letters and digits of any script, `_`, `-` and `.`, ending in one of the former; case does not matter.", "lin", Length(1, Username.MaxLength)),
    };

    private static Term FilterKinds => Choice("What it looks for.", [.. FilterKindName.All]);

    private static Term OfFilter => new("Its number; absent for one that does not exist yet, as its action is.", 2, Whole(1));

    private static Term FilterActions => Choice("What becomes of a text that matches.", [.. FilterActionName.All]);

    private static readonly Dictionary<string, Term> Parameters = new(StringComparer.Ordinal)
    {
        ["header.Idempotency-Key"] = new(
            $"For {IdempotencyKey.Lifetime.TotalHours} hours the same key and body get the first answer again.",
            "7c9e6679", Length(1, IdempotencyKey.MaxLength)),
        ["header.If-Match"] = new("The `ETag` of the version to be changed; if it is no longer current, the change is refused.", "\"3\""),
        ["header.If-None-Match"] = new("The `ETag` of the client's copy; if it is current, the answer is a 304.", "\"3\""),
        ["path.delivery"] = new("The delivery's number.", 3, Whole(1)),
        ["path.id"] = new("Its number.", 7, Whole(1)),
        ["path.tag"] = new("A tag; case and width do not matter.", "trains"),
        ["path.username"] = new("A username; case and width do not matter.", "lin"),
        ["query.post"] = new("Only the reports of that post.", 17, Whole(1)),
        ["query.after"] = new("Starts after the reply, or the event, with that number.", 20, Whole(0)),
        ["query.author"] = new("Only this user's.", "lin"),
        ["query.box"] = Choice("Received, sent, or both.", "inbox", "sent", "all"),
        ["query.cursor"] = new("The `next` of the page before."),
        ["query.kinds"] = new("Only these kinds of events, with commas between them.", "thread.created,reply.created"),
        ["query.html"] = new("Whether to give texts as HTML, too.", true),
        ["query.limit"] = new("How many at most.", PagePosition.DefaultSize, Whole(1, PagePosition.MaxSize)),
        ["query.q"] = new("Words, `\"phrases\"`, `-without`, `author:name`, `tag:name`.", "trains -planes"),
        ["query.reason"] = new("Why, for the moderation log.", "It is an advertisement.", Length(TextRule.Reason.Min, TextRule.Reason.Max)),
        ["query.sort"] = Choice("By the creation of the thread, or by its latest reply.", "newest", "active"),
        ["query.state"] = Choice("Which ones.", "open", "resolved", "all"),
        ["query.tag"] = new("Only with this tag.", "trains"),
        ["query.thread"] = new("Only what happens in the thread with that id.", 1, Whole(1)),
        ["query.invited"] = new("Whether it is also lifted from the members whom the account has invited, whom they have, and so on.", true),
        ["query.unread"] = new("Only what the caller has not read.", true),
        ["query.with"] = new("Only the conversation with this user.", "wei"),
    };

    /// <summary>What the endpoints of each group are about.</summary>
    public static IReadOnlyDictionary<string, string> Nouns { get; } = new Dictionary<string, string>
    {
        ["Accounts"] = "Registering, logging in and out, looking a user up.",
        ["Applications"] = "Who wants to come in.",
        ["Blocks"] = "The users whom the caller blocks.",
        ["Events"] = "What happens, as it happens.",
        ["Feeds"] = "What is new, for feed readers (Atom).",
        ["Filters"] = "What holds or refuses texts.",
        ["Held"] = "Posts that wait for a moderator.",
        ["Invitations"] = "Links with which others may register, and who came with whose.",
        ["Links"] = "Links that work once: to make the first account, and to set a password.",
        ["Me"] = "The caller's own account.",
        ["Messages"] = "Private messages.",
        ["Moderation"] = "Reports, suspensions and the public log of moderation.",
        ["Notifications"] = "What has happened to the caller's posts.",
        ["Posts"] = "Single posts: the first of a thread, or a reply.",
        ["Profiles"] = "Accounts as others see them, and their roles.",
        ["Search"] = "Search over threads and replies.",
        ["Service"] = "The server itself: health, metrics, this document.",
        ["Sessions"] = "Where the caller is logged in.",
        ["Settings"] = "Who may come in, and what new accounts may do.",
        ["Threads"] = "Lists of threads, their replies and their state.",
        ["Tokens"] = "Access tokens for the caller's scripts.",
        ["Webhooks"] = "Addresses that are told of what happens, and what was sent to them.",
    };

    /// <summary>Adds the description, the sample and the limits of a member to its schema.</summary>
    public static void Describe(JsonObject schema, JsonPropertyInfo member, bool isBody)
    {
        if (member is { Name: "status", Set: null })
        {
            schema["const"] = "success";
            return;
        }
        if (member.Name.EndsWith("_at", StringComparison.Ordinal))
            schema["format"] = "date-time";
        if ((string?)schema["format"] == "date-time")
            schema["examples"] = new JsonArray("2026-01-31T09:30:00.000Z");
        if (Members.GetValueOrDefault($"{member.DeclaringType.Name}.{member.Name}") is { } exact)
            exact.AddTo(schema, withLimits: isBody || exact.IsChoice);
        else if (Members.GetValueOrDefault(member.Name) is { } term && term.Suits(schema))
            term.AddTo(schema, withLimits: isBody || term.IsChoice);
    }

    public static JsonObject Parameter(string place, string name)
    {
        var term = Parameters[$"{place}.{name}"];
        var schema = new JsonObject();
        term.AddTo(schema, withLimits: true);
        schema.Remove("description");
        return new JsonObject
        {
            ["name"] = name,
            ["in"] = place,
            ["required"] = place == "path",
            ["description"] = term.Description,
            ["schema"] = schema,
        };
    }

    /// <summary>The headers of answers. Those that are always present where they are listed are marked as required.</summary>
    public static JsonObject Headers() => new()
    {
        ["ETag"] = Header("Identifies this version of the answer.", isAlways: false),
        ["Idempotency-Replayed"] = Header("`true` if an earlier request with the same `Idempotency-Key` got this answer.", isAlways: false),
        ["Location"] = Header("Where to find what was created.", isAlways: true),
        ["RateLimit-Limit"] = Header("How many requests are allowed in the window.", isAlways: false),
        ["RateLimit-Remaining"] = Header("How many of them are left.", isAlways: false),
        ["RateLimit-Reset"] = Header("Seconds until the window ends.", isAlways: false),
        ["Retry-After"] = Header("After how many seconds to try again.", isAlways: true),
        ["WWW-Authenticate"] = Header("How to log in.", isAlways: true),
        ["X-Request-Id"] = Header("Identifies the request in the server's log.", isAlways: true),
    };

    public static JsonObject HeaderReferences(IEnumerable<string> names) =>
        new(names.Select(name => KeyValuePair.Create(name, (JsonNode?)Reference("headers", name))));

    public static JsonObject Reference(string kind, string name) => new() { ["$ref"] = $"#/components/{kind}/{name}" };

    public static JsonObject SecuritySchemes(string cookie) => new()
    {
        ["session"] = new JsonObject
        {
            ["type"] = "apiKey",
            ["in"] = "cookie",
            ["name"] = cookie,
            ["description"] = $"`POST /api/login` sets it; it expires {SessionTable.Lifetime.TotalDays} days after its last use.",
        },
        ["token"] = new JsonObject
        {
            ["type"] = "http",
            ["scheme"] = "bearer",
            ["description"] = "A token from `POST /api/tokens`, of scope `read` or `write`.",
        },
    };

    /// <summary>The credentials that an endpoint accepts; <see cref="Who"/> says the scope or role that they need.</summary>
    public static JsonArray Security(Access access, bool isOptional)
    {
        // Constructors: a collection expression calls a generic Add, which trimming can't follow.
        return access == Access.Session ? new JsonArray((JsonNode)Of("session"))
            : access != Access.Anyone ? new JsonArray(Of("session"), Of("token"))
            : isOptional ? new JsonArray(new JsonObject(), Of("session"), Of("token")) : [];

        static JsonObject Of(string scheme) => new() { [scheme] = new JsonArray() };
    }

    public static string Who(Access access) => access switch
    {
        Access.Anyone => "For anyone.",
        Access.Reader => "For a session, or a token of either scope.",
        Access.Writer => "For a session, or a token of scope `write`.",
        Access.Session => "For a session alone.",
        Access.Moderator => "For moderators and admins, by session or by a token of scope `write`.",
        Access.Admin => "For admins, by session or by a token of scope `write`.",
        _ => throw new ArgumentOutOfRangeException(nameof(access)),
    };

    /// <summary>The type of a schema's values, <c>null</c> aside.</summary>
    public static string? TypeOf(JsonNode schema) => (string?)(schema["type"] is JsonArray types ? types[0] : schema["type"]);

    public static JsonArray Array(IEnumerable<string> values) => new([.. values.Select(v => (JsonNode)v)]);

    private static JsonObject Header(string description, bool isAlways) => new()
    {
        ["description"] = description,
        ["required"] = isAlways,
        ["schema"] = new JsonObject { ["type"] = "string" },
    };

    private static Term Policy(string name, string description) =>
        new(description, ForumPolicy.NumberOf(name).Default ?? 1, Whole(0, ForumPolicy.NumberOf(name).Most));

    private static Term Text(TextRule rule, string sample) => new(null, sample, Length(rule.Min, rule.Max));

    private static Term Choice(string description, params string[] values) =>
        new(description, values[0], new JsonObject { ["enum"] = Array(values) });

    private static JsonObject Length(int min, int max) => new() { ["minLength"] = min, ["maxLength"] = max };

    private static JsonObject Whole(long min, long? max = null)
    {
        var limits = new JsonObject { ["minimum"] = min };
        if (max is not null)
            limits["maximum"] = max;
        return limits;
    }

    /// <summary>The description of a name.</summary>
    /// <param name="Description">What it means, where its name does not say enough.</param>
    /// <param name="Sample">A value that shows what it looks like.</param>
    /// <param name="Limits">The rules for a value that is sent.</param>
    private sealed record Term(string? Description, JsonNode? Sample = null, JsonObject? Limits = null)
    {
        public bool IsChoice => Limits?.ContainsKey("enum") == true;

        public string Type => Sample?.GetValueKind() switch
        {
            System.Text.Json.JsonValueKind.Number => "integer",
            System.Text.Json.JsonValueKind.True => "boolean",
            System.Text.Json.JsonValueKind.Array => "array",
            System.Text.Json.JsonValueKind.Object => "object",
            _ => "string",
        };

        /// <summary>Whether the description fits a member with that schema: <c>tags</c> are names in one place and objects in another.</summary>
        public bool Suits(JsonObject schema) =>
            (TypeOf(schema) is not { } type || type == Type) && (Type != "array" || schema["items"]?["type"] is not null);

        public void AddTo(JsonObject schema, bool withLimits)
        {
            schema["type"] ??= Type;
            if (TypeOf(schema) == "integer")
                schema["format"] = "int64";
            if (Description is not null)
                schema["description"] = Description;
            if (Sample is not null)
                schema["examples"] = new JsonArray(Sample.DeepClone());
            foreach (var (name, limit) in withLimits && Limits is not null ? Limits : [])
                schema[name] = limit!.DeepClone();
        }
    }
}
