// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";

/// @notice An ERC-20 with votes, as OpenZeppelin's wizard writes it; the constructor mints and delegates.
contract GlowToken is ERC20, ERC20Permit, ERC20Votes {
    /// @param holders get `amounts`; the first `delegating` of them vote with what they hold
    constructor(
        address[] memory holders,
        uint256[] memory amounts,
        uint256 delegating
    ) ERC20("Glow", "GLOW") ERC20Permit("Glow") {
        for (uint256 i = 0; i < holders.length; ++i) {
            _mint(holders[i], amounts[i]);
            if (i < delegating) _delegate(holders[i], holders[i]);
        }
    }

    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Votes) {
        super._update(from, to, value);
    }

    function nonces(address owner) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }
}
