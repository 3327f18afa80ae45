#!powershell
# A module written for tests; it does nothing.

#AnsibleRequires -CSharpUtil Ansible.Basic

$label_options = @{
    type = 'dict'
    options = @{ text = @{ type = 'str' }; number = @{ type = 'int' } }
    mutually_exclusive = @(, @('text', 'number'))
}

$spec = @{
    options = @{
        letter = @{ type = "str"; required = $true } # which
        label = $label_options
        key = @{ type = 'str'; no_log = $true }
        size = @{
            type = 'dict'
            options = @{
                bytes = @{ type = 'int'; default = 1 + 1 }
                share = @{ type = 'int' }
            }
            required_one_of = @(, @('bytes', 'share'))
        }
    }
    required_if = @(
        , @("letter", "it''s `"D`"", @("size", "label"), $true)
        , @("letter", $computed, @("size"))
    )
    Mutually_Exclusive = @(
        @('size', 'label'),
        @('key', 'label')
    )
    supports_check_mode = $true
}

$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)
